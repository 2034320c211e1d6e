// @ts-check
// One run in the history rail, as it is to look now. A function rather than an element: the rail keeps
// its rows and their buttons, and owns focus and events.

import { h } from '../lib/dom.js';
import { icon } from '../lib/icons.js';
import { integer, plural } from '../lib/format.js';
import { shortWhen } from '../lib/days.js';
import { counts } from '../run/run-facts.js';

/** @typedef {import('../run/live/types.js').RunRow} RunRow */
/** @typedef {import('../run/live/types.js').Run} Run */

/** @type {Record<string, [string, string]>} */
export const stateIcons = {
  running: ['ring', 'tone-live'],
  approval: ['hand', 'tone-warn'],
  finished: ['circle-check', 'tone-ok'],
  partial: ['partial', 'tone-warn'],
  failed: ['circle-x', 'tone-bad'],
  declined: ['hand', 'tone-quiet'],
  cancelled: ['circle-slash', 'tone-quiet'],
  interrupted: ['circle-pause', 'tone-warn'],
};

/**
 * @param {RunRow} row
 * @param {Run | null} run the same run, where it is followed
 * @param {{ open: boolean, words: string, now: Date }} view
 * @returns {HTMLElement}
 */
export function historyRow(row, run, { open, words, now }) {
  // The history knows of an end that no event tells: a program that closed.
  const state = run !== null && run.lastSeq >= 0 && run.state !== 'running' ? run.state : rowState(row);
  const look = state === 'running' && run !== null && run.approval.open.length > 0 ? 'approval' : state;
  const [shape, tone] = stateIcons[look] ?? stateIcons.finished;
  const when = state === 'running' ? 'now' : shortWhen(new Date(row.startedAt), now);
  return h(
    'div',
    { class: open ? 'history-row open' : 'history-row', role: 'listitem' },
    h(
      'button',
      {
        type: 'button',
        class: 'history-open',
        'data-testid': 'history-item',
        'data-run-id': row.id,
        'data-state': state,
        'aria-current': open ? 'true' : null,
        tabindex: -1,
      },
      icon(shape, { size: 14, class: tone }),
      h('span', { class: 'visually-hidden' }, `${stateWords[look]}: `),
      h('span', { class: 'history-question' }, marked(row.question, words)),
      // What stands in the question is marked there.
      row.snippet && row.foundIn !== 'question' && h('span', { class: 'history-snippet' }, places[row.foundIn ?? ''], snippet(row.snippet)),
      h(
        'span',
        { class: 'history-meta' },
        h('span', { class: 'cut' }, countWords(row, run, look)),
        h('span', { class: 'numeric' }, when),
      ),
    ),
    h(
      'button',
      { type: 'button', class: 'history-delete', 'aria-label': `Delete “${row.question.slice(0, 80)}”`, tabindex: -1 },
      icon('trash', { size: 14 }),
    ),
  );
}

/** A run of which a person allowed no call did not fail for them. @param {RunRow} row */
function rowState(row) {
  return row.state === 'failed' && row.code === 'declined' ? 'declined' : row.state;
}

/** @type {Record<string, string>} */
const places = { answer: 'In answer: ', results: 'In a result: ' };

/** @type {Record<string, string>} */
const stateWords = {
  running: 'Running',
  approval: 'Needs approval',
  finished: 'Answered',
  partial: 'Partial answer',
  failed: 'Failed',
  declined: 'You declined',
  cancelled: 'Cancelled',
  interrupted: 'Interrupted',
};

/** @param {RunRow} row @param {Run | null} run @param {string} look */
function countWords(row, run, look) {
  const tasks = run !== null && run.tasks.length > 0 ? run.tasks.length : row.taskCount;
  const count = run !== null && run.tasks.length > 0 ? counts(run) : null;
  const failed = count?.failed ?? row.failedCount - (row.declinedCount ?? 0);
  const completed = count?.completed ?? row.completedCount;
  const done = completed === undefined ? '' : `${integer(completed)} of `;
  switch (look) {
    case 'running':
      return tasks > 0 ? `${plural(tasks, 'task')} · running` : 'Running';
    case 'approval':
      return `${plural(tasks, 'task')} · needs approval`;
    case 'failed':
      if (tasks === 0) return 'Failed';
      return failed >= tasks ? `${plural(tasks, 'task')} · all failed` : `${plural(tasks, 'task')} · failed`;
    case 'declined':
      return `${plural(tasks, 'task')} · you declined`;
    case 'cancelled':
      return tasks > 0 ? `Cancelled · ${done}${plural(tasks, 'task')}` : 'Cancelled';
    case 'interrupted':
      return tasks > 0 ? `Interrupted · ${done}${plural(tasks, 'task')}` : 'Interrupted';
    default:
      if (tasks === 0) return 'No task needed';
      return failed > 0 ? `${plural(tasks, 'task')} · ${failed} failed` : plural(tasks, 'task');
  }
}

/** A question with the searched words marked. @param {string} text @param {string} words */
export function marked(text, words) {
  const parts = words.split(/\s+/).filter((word) => word.length > 1);
  if (parts.length === 0) return [text];
  const quoted = parts.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return text
    .split(new RegExp(`(${quoted.join('|')})`, 'i'))
    .map((part, place) => (place % 2 === 1 ? h('mark', null, part) : part));
}

/** Rust puts matches between two control characters. @param {string} text */
function snippet(text) {
  return text
    .split(/\u0001([^\u0002]*)\u0002/)
    .map((part, place) => (place % 2 === 1 ? h('mark', null, part) : part));
}
