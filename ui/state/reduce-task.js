// @ts-check
// One task's part of `reduce`: its state, the stretches of time that the timeline draws, and its
// log. Pure.

import { bytes, exact, quantity, sentence } from '../lib/format.js';

/** @typedef {import('./types.js').Task} Task */
/** @typedef {import('./types.js').Span} Span */
/** @typedef {import('./types.js').RunEvent} RunEvent */

const waitWords = /** @type {Record<string, string>} */ ({
  dependency: 'Waits for another task’s result',
  limit: 'Waits for a free place at its server',
  rate: 'Waits for its server’s calls a second',
  approval: 'Waits for your approval',
});

/** @param {RunEvent} event a `taskPlanned` @returns {Task} */
export function plannedTask(event) {
  return {
    index: event.index,
    id: event.id,
    server: event.server ?? null,
    tool: event.tool,
    arguments: event.arguments ?? {},
    description: event.description ?? '',
    dependsOn: event.dependsOn ?? [],
    status: 'planned',
    waitingFor: null,
    spans: [{ kind: 'planned', from: event.atMs, to: null }],
    plannedMs: event.atMs,
    startedMs: null,
    endedMs: null,
    attempt: 0,
    progress: null,
    retry: null,
    elapsedMs: 0,
    resultBytes: 0,
    preview: '',
    reused: null,
    error: null,
    log: [{ atMs: event.atMs, level: 'info', text: 'Planned' }],
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
        spans: next(task.spans, atMs, { kind: event.reason, from: atMs, to: null }),
        log: noted(task, atMs, 'info', waitWords[event.reason] ?? 'Waits'),
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
        log: noted(
          task,
          atMs,
          'info',
          event.attempt > 1 ? `Called, attempt ${event.attempt}` : 'Called',
        ),
      };
    case 'taskProgress': {
      const { progress, total, message } = event;
      return {
        ...task,
        progress: { progress, total, message },
        log: noted(task, atMs, 'progress', progressWords(progress, total, message)),
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
        log: noted(
          task,
          atMs,
          'warn',
          `Attempt ${event.attempt} failed: ${event.reason}; next in ${exact(event.delayMs)}`,
        ),
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
    log: noted(task, atMs, 'warn', 'Trawl closed'),
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
    completed: `Completed, ${bytes(event.resultBytes ?? 0)}`,
    failed: 'Failed',
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
    reused: event.reused ?? null,
    error,
    spans: closed(task.spans, event.atMs),
    log: noted(task, event.atMs, event.status === 'failed' ? 'error' : 'info', words),
  };
}

/** @param {Span[]} spans @param {number} atMs @param {Span} span */
function next(spans, atMs, span) {
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

/** @param {Task} task @param {number} atMs @param {import('./types.js').LogLine['level']} level @param {string} text */
function noted(task, atMs, level, text) {
  return [...task.log, { atMs, level, text }];
}
