// @ts-check
// The words of one task in the timeline: its look, the note at its bar, its time, its arguments.
// Pure; `limits` are what the settings say of the task's server.

import { bytes, duration, exact, happened, integer, plural, quantity, running, sentence } from '../../lib/format.js';
import { visible } from '../../lib/visible.js';

/** @typedef {import('../live/types.js').Task} Task */
/** @typedef {{ maxConcurrent?: number, requestsPerSecond?: number | null, attempts?: number }} Limits */

/**
 * What a task looks like: finer than its state, since a wait for a limit or for a person differs
 * to the eye.
 * @param {Task} task
 */
export function look(task) {
  if (task.reused !== null) return 'reused';
  if (task.status === 'cancelled' && task.startedMs === null) return 'unstarted';
  if (task.error?.code === 'denied') return 'declined';
  if (task.status === 'waiting') {
    if (task.waitingFor === 'approval') return 'approval';
    return task.waitingFor === 'dependency' ? 'waiting' : 'queued';
  }
  if (task.status === 'running' && task.attempt > 1) return 'retrying';
  return task.status;
}

/** @type {Record<string, string>} */
export const lookIcon = {
  planned: 'circle',
  waiting: 'hourglass',
  queued: 'circle-dashed',
  approval: 'hand',
  running: 'ring',
  retrying: 'rotate-cw',
  completed: 'circle-check',
  reused: 'history',
  failed: 'circle-x',
  declined: 'hand',
  cancelled: 'circle-slash',
  unstarted: 'circle-slash',
  skipped: 'skip-forward',
  interrupted: 'circle-pause',
};

/**
 * @param {Task} task
 * @param {{ tasks: Task[], limits?: Limits }} context
 * @returns {{ text: string, tone: '' | 'live' | 'warn' | 'bad' }}
 */
export function note(task, { tasks, limits }) {
  switch (look(task)) {
    case 'planned':
      return { text: task.missing ? 'Its first version did not fit its tool' : 'Planned', tone: '' };
    case 'waiting':
      return { text: waitsFor(task, tasks), tone: '' };
    case 'queued':
      return { text: queued(task, limits), tone: '' };
    case 'approval':
      return { text: 'Waits for your approval', tone: 'warn' };
    case 'running':
      return { text: progressNote(task), tone: 'live' };
    case 'retrying':
      return { text: retryNote(task, limits), tone: 'warn' };
    case 'completed':
      return { text: found(task), tone: '' };
    case 'reused':
      return { text: `${kept(task)} · ${found(task)}`, tone: '' };
    case 'failed':
      return { text: sentence(firstLine(happened(task.error ?? { message: 'failed without a reason' }))), tone: 'bad' };
    case 'declined':
      return { text: 'You declined', tone: '' };
    case 'cancelled':
      return { text: `Cancelled after ${duration(task.elapsedMs)}`, tone: '' };
    case 'unstarted':
      return { text: task.missing ? 'Never planned' : 'Cancelled before it started', tone: '' };
    case 'skipped':
      return { text: skippedNote(task, tasks), tone: '' };
    default:
      return {
        text: task.startedMs === null ? 'Interrupted before it started' : 'Interrupted, no result',
        tone: 'warn',
      };
  }
}

/**
 * The time column.
 * @param {Task} task
 * @param {number} nowMs
 */
export function time(task, nowMs) {
  switch (look(task)) {
    case 'planned':
      return 'planned';
    case 'waiting':
      return 'waiting';
    case 'queued':
      return 'queued';
    case 'approval':
      return 'approval';
    case 'running':
    case 'retrying':
      return running(nowMs - (task.startedMs ?? nowMs));
    case 'reused':
      return 'reused';
    // Its program was not there to see the end.
    case 'interrupted':
    case 'skipped':
    case 'unstarted':
    case 'declined':
      return '–';
    default:
      return task.startedMs === null ? '–' : exact(task.elapsedMs);
  }
}

/** `query: "upstream", size: 50`. @param {any} given */
export function argumentLine(given) {
  const entries = given && typeof given === 'object' ? Object.entries(given) : [];
  if (entries.length === 0) return 'no arguments';
  return visible(entries.map(([name, value]) => `${name}: ${JSON.stringify(value)}`).join(', '));
}

/** @param {Task} task @param {Task[]} tasks */
function waitsFor(task, tasks) {
  const open = task.dependsOn.filter((index) => tasks[index]?.endedMs == null);
  if (open.length === 0) return 'Waits for another task';
  if (open.length > 3) return `Waits for ${open.length} tasks`;
  const names = open.map((index) => index + 1);
  if (names.length === 1) return `Waits for task ${names[0]}`;
  return `Waits for tasks ${names.slice(0, -1).join(', ')} and ${names[names.length - 1]}`;
}

/** @param {Task} task @param {Limits} [limits] */
function queued(task, limits) {
  if (task.untilMs !== null) return 'Queued · server asked to wait';
  if (task.waitingFor === 'rate') {
    const rate = limits?.requestsPerSecond;
    return rate ? `Queued · ${plural(rate, 'call')} a second` : 'Queued · limit of calls a second';
  }
  const usual = limits?.maxConcurrent;
  const most = task.limit ?? usual;
  if (!most) return 'Queued · limit of calls at once';
  const less = usual !== undefined && most < usual ? ' (server asked for less)' : '';
  return `Queued · ${plural(most, 'call')} at once${less}`;
}

/** @param {Task} task */
function progressNote(task) {
  if (task.progress === null) return '';
  const { progress, total, message } = task.progress;
  if (!total) return message || `${quantity(progress)} so far`;
  const share = `${Math.min(100, Math.floor((progress / total) * 100))} %`;
  const detail = message || (total === 1 || total === 100 ? '' : `${quantity(progress)} of ${quantity(total)}`);
  return detail ? `${share} · ${detail}` : share;
}

/** @param {Task} task @param {Limits} [limits] */
function retryNote(task, limits) {
  const reason = task.retry === null ? '' : firstLine(task.retry.reason);
  const attempt = task.status === 'retrying' ? task.attempt + 1 : task.attempt;
  const progress = task.status === 'running' ? progressNote(task) : '';
  const of = limits?.attempts ? ` of ${limits.attempts}` : '';
  const text = `Attempt ${attempt}${of}${reason ? ` after ${reason}` : ''}`;
  return progress ? `${text} · ${progress}` : text;
}

/** @param {Task} task */
function found({ resultBytes, items }) {
  const size = bytes(resultBytes);
  return items === null ? size : `${plural(items, 'item')} · ${size}`;
}

/** Where a result came from that was not asked for anew. @param {Task} task */
export function kept(task) {
  return `Kept from an earlier run, ${age(task.reused?.ageMs ?? 0)} ago`;
}

/** @param {Task} task @param {Task[]} tasks */
function skippedNote(task, tasks) {
  const cause = task.dependsOn.find((index) => {
    const status = tasks[index]?.status;
    return status === 'failed' || status === 'cancelled' || status === 'skipped';
  });
  if (task.error?.message) return `Skipped ${task.error.message}`;
  if (cause === undefined) return 'Skipped';
  const how = { failed: 'failed', cancelled: 'was cancelled', skipped: 'was skipped' };
  return `Skipped because task ${cause + 1} ${how[/** @type {keyof typeof how} */ (tasks[cause].status)]}`;
}

/** There is room for one; the others stand in the evidence. @param {string} words */
function firstLine(words) {
  return words.split('\n', 1)[0];
}

/** @param {number} ms */
function age(ms) {
  if (ms < 90_000) return `${integer(ms / 1000)} s`;
  if (ms < 5_400_000) return `${integer(ms / 60_000)} min`;
  return `${integer(ms / 3_600_000)} h`;
}
