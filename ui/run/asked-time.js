// @ts-check
// How long a run stood still for a person: calls waited for approval and nothing else went on. That
// time is the person's, and counts as neither running nor saved. Pure; times in milliseconds.

/** @typedef {import('./live/types.js').Run} Run */
/** @typedef {[from: number, to: number]} Stretch */

const WORKS = ['attempt', 'backoff', 'limit', 'rate'];

/** @param {Run} run @param {number} nowMs @param {number} [fromMs] what came before is not counted @returns {number} */
export function askedMs(run, nowMs, fromMs = 0) {
  if (!run.tasks.some((task) => task.asked !== null)) return 0;
  const spans = run.tasks.flatMap((task) => task.spans);
  const stretches = (/** @type {(kind: string) => boolean} */ of) =>
    spans.filter(({ kind }) => of(kind)).map(({ from, to }) => /** @type {Stretch} */ ([Math.max(from, fromMs), Math.max(to ?? nowMs, fromMs)]));
  const asked = joined(stretches((kind) => kind === 'approval'));
  const busy = stretches((kind) => WORKS.includes(kind));
  // While the plan was still being written, it was not the person who was waited for.
  if (run.planStartMs !== null) busy.push([run.planStartMs, run.plan?.atMs ?? nowMs]);
  return length(asked) - common(asked, joined(busy));
}

/** Stretches that overlap as one, in order. @param {Stretch[]} list @returns {Stretch[]} */
function joined(list) {
  /** @type {Stretch[]} */
  const whole = [];
  for (const [from, to] of [...list].sort((a, b) => a[0] - b[0])) {
    const last = whole[whole.length - 1];
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to);
    else whole.push([from, to]);
  }
  return whole;
}

/** @param {Stretch[]} list */
const length = (list) => list.reduce((sum, [from, to]) => sum + to - from, 0);

/** How much of both there is at once. @param {Stretch[]} some @param {Stretch[]} others */
function common(some, others) {
  let sum = 0;
  for (const [from, to] of some) {
    for (const [other, end] of others) sum += Math.max(0, Math.min(to, end) - Math.max(from, other));
  }
  return sum;
}
