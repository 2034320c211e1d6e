// @ts-check
// One task's part of `reduce`: its state, the stretches of time that the timeline draws, and its
// log. Pure.

import { bytes, exact, quantity, sentence } from '../../lib/format.js';

/** @typedef {import('./types.js').Task} Task */
/** @typedef {import('./types.js').Span} Span */
/** @typedef {import('./types.js').RunEvent} RunEvent */

const waitWords = /** @type {Record<string, string>} */ ({
  dependency: 'Waits for another task’s result',
  limit: 'Waits for a free place at its server',
  rate: 'Waits for its server’s calls a second',
  approval: 'Waits for your approval',
});

/** Lines that a task's log holds; of progress, the oldest are left out then. */
const MOST_LINES = 240;

/** @param {RunEvent} event a `taskPlanned` @returns {Task} */
export function plannedTask(event) {
  return {
    ...newTask(event.index, event.atMs, 'Planned'),
    id: event.id,
    server: event.server ?? null,
    tool: event.tool,
    arguments: event.arguments ?? {},
    description: event.description ?? '',
    dependsOn: event.dependsOn ?? [],
  };
}

/**
 * What stands in the place of a task that the model is asked for again, since its first version did
 * not fit its tool.
 * @param {number} index
 * @param {number} atMs when a later one was planned
 * @returns {Task}
 */
export function missingTask(index, atMs) {
  return { ...newTask(index, atMs, 'Planned again, since its first version did not fit its tool'), tool: 'Planned again', missing: true };
}

/** A task that had not been planned when its run ended. @param {Task} task @param {number} atMs @returns {Task} */
export function unplannedTask(task, atMs) {
  if (!task.missing || task.endedMs !== null) return task;
  const error = { code: 'not_planned', message: 'the run ended before this task was planned' };
  return { ...ended(task, { runId: '', seq: 0, atMs, type: 'taskFinished', status: 'cancelled', error }), tool: 'Never planned' };
}

/** @param {number} index @param {number} atMs @param {string} text @returns {Task} */
function newTask(index, atMs, text) {
  return {
    index,
    id: `t${index + 1}`,
    server: null,
    tool: '',
    missing: false,
    arguments: {},
    description: '',
    dependsOn: [],
    status: 'planned',
    waitingFor: null,
    limit: null,
    untilMs: null,
    asked: null,
    spans: [{ kind: 'planned', from: atMs, to: null }],
    plannedMs: atMs,
    startedMs: null,
    endedMs: null,
    attempt: 0,
    progress: null,
    retry: null,
    elapsedMs: 0,
    resultBytes: 0,
    preview: '',
    items: null,
    reused: null,
    error: null,
    log: [{ atMs, level: 'info', text }],
    leftOut: 0,
  };
}

/** @param {Task} task @param {RunEvent} event @returns {Task} */
export function reduceTask(task, event) {
  const { atMs } = event;
  switch (event.type) {
    case 'taskWaiting':
      return {
        ...task,
        status: 'waiting',
        waitingFor: event.reason,
        dependsOn: event.on === undefined ? task.dependsOn : [...new Set([...task.dependsOn, ...event.on])],
        limit: event.limit ?? null,
        untilMs: event.untilMs ?? null,
        spans: next(task.spans, atMs, { kind: event.reason, from: atMs, to: null }),
        ...noted(task, atMs, 'info', event.untilMs === undefined ? (waitWords[event.reason] ?? 'Waits') : 'Waits, as its server asked to'),
      };
    case 'taskStarted':
      return {
        ...task,
        status: 'running',
        waitingFor: null,
        arguments: event.arguments ?? task.arguments,
        startedMs: task.startedMs ?? atMs,
        attempt: event.attempt,
        progress: null,
        spans: next(task.spans, atMs, {
          kind: 'attempt',
          from: atMs,
          to: null,
          attempt: event.attempt,
        }),
        ...noted(task, atMs, 'info', event.attempt > 1 ? `Called, attempt ${event.attempt}` : 'Called'),
      };
    case 'taskProgress': {
      const { progress, total, message } = event;
      return {
        ...task,
        progress: { progress, total, message },
        ...noted(task, atMs, 'progress', progressWords(progress, total, message)),
      };
    }
    case 'taskRetrying':
      return {
        ...task,
        status: 'retrying',
        retry: { delayMs: event.delayMs, reason: event.reason },
        progress: null,
        spans: next(
          failedAttempt(task.spans),
          atMs,
          { kind: 'backoff', from: atMs, to: null, delayMs: event.delayMs },
        ),
        ...noted(task, atMs, 'warn', `Attempt ${event.attempt} failed: ${event.reason}; next in ${exact(event.delayMs)}`),
      };
    case 'taskFinished':
      return ended(task, event);
    default:
      return task;
  }
}

/** @param {Task} task @param {number} atMs when the program was last heard of @returns {Task} */
export function interruptedTask(task, atMs) {
  if (task.endedMs !== null) return task;
  return {
    ...task,
    status: 'interrupted',
    waitingFor: null,
    endedMs: atMs,
    elapsedMs: task.startedMs === null ? 0 : atMs - task.startedMs,
    spans: closed(task.spans, atMs),
    ...noted(task, atMs, 'warn', 'Trawl closed'),
  };
}

/** @param {number} progress @param {number} [total] @param {string} [message] */
export function progressWords(progress, total, message) {
  if (message) return message;
  return total ? `${quantity(progress)} of ${quantity(total)}` : quantity(progress);
}

/** @param {Task} task @param {RunEvent} event @returns {Task} */
function ended(task, event) {
  const error = event.error ?? null;
  const text = {
    completed: event.reused ? 'Kept from an earlier run, not called' : `Completed, ${bytes(event.resultBytes ?? 0)}`,
    failed: error?.code === 'denied' ? 'Declined' : 'Failed',
    cancelled: 'Cancelled',
    skipped: 'Skipped',
  }[/** @type {string} */ (event.status)];
  const words = error ? `${text}: ${error.message}` : (text ?? sentence(String(event.status)));
  return {
    ...task,
    status: event.status,
    waitingFor: null,
    endedMs: event.atMs,
    elapsedMs: event.elapsedMs ?? 0,
    attempt: event.attempts ?? task.attempt,
    resultBytes: event.resultBytes ?? 0,
    preview: event.preview ?? '',
    items: event.items ?? null,
    reused: event.reused ?? null,
    error,
    spans: closed(task.spans, event.atMs),
    ...noted(task, event.atMs, event.status === 'failed' && error?.code !== 'denied' ? 'error' : 'info', words),
  };
}

/** @param {Span[]} spans @param {number} atMs @param {Span} span */
function next(spans, atMs, span) {
  const last = spans[spans.length - 1];
  // A wait that is told again, since more is known of it, is the same wait.
  if (last?.kind === span.kind && last.to === null && span.kind !== 'attempt') return spans;
  const before = closed(spans, atMs);
  // A task that is placed at once has no planned stretch worth drawing.
  return before.length === 1 && before[0].kind === 'planned' ? [span] : [...before, span];
}

/** @param {Span[]} spans @param {number} atMs @returns {Span[]} */
function closed(spans, atMs) {
  const last = spans[spans.length - 1];
  if (last === undefined || last.to !== null) return spans;
  return [...spans.slice(0, -1), { ...last, to: atMs }];
}

/** @param {Span[]} spans @returns {Span[]} */
function failedAttempt(spans) {
  const last = spans[spans.length - 1];
  if (last?.kind !== 'attempt') return spans;
  return [...spans.slice(0, -1), { ...last, failed: true }];
}

/**
 * The log with one more line. A server may report for ten minutes, ten times a second: the newest
 * progress is kept, and how much was left out.
 * @param {Task} task
 * @param {number} atMs
 * @param {import('./types.js').LogLine['level']} level
 * @param {string} text
 * @returns {Pick<Task, 'log' | 'leftOut'>}
 */
function noted(task, atMs, level, text) {
  const log = [...task.log, { atMs, level, text }];
  if (log.length <= MOST_LINES) return { log, leftOut: task.leftOut };
  const oldest = log.findIndex((line) => line.level === 'progress');
  if (oldest < 0) return { log, leftOut: task.leftOut };
  log.splice(oldest, 1);
  return { log, leftOut: task.leftOut + 1 };
}
