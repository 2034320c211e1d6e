// @ts-check
// The time on a running run's own axis, of a clock that nobody sets: a wall clock that is put right
// meanwhile would move every bar.

/** @typedef {import('./types.js').Run} Run */

/**
 * @param {() => number} wall milliseconds since 1970: read once a run, to know how long it has been
 *   going when it is first seen
 * @param {() => number} steady milliseconds since whenever
 * @returns {(run: Run) => number} milliseconds since the run began: now, or once it ended then
 */
export function runClock(wall, steady) {
  /** When each run began, on the steady clock. @type {Map<string, number>} */
  const begun = new Map();
  return (run) => {
    if (run.state !== 'running' || run.startedAt === null) {
      begun.delete(run.runId);
      return run.nowMs;
    }
    const now = steady();
    const known = begun.get(run.runId) ?? now - Math.max(0, wall() - Date.parse(run.startedAt));
    // An event from later than now: it began earlier.
    const began = Math.min(known, now - run.nowMs);
    begun.set(run.runId, began);
    return now - began;
  };
}

export const runNow = runClock(() => Date.now(), () => performance.now());
