// @ts-check
// One run in the history rail, as it is to look now. A function rather than an element: the rail owns
// its rows and what they do.

import { h } from '../lib/dom.js';
import { integer, plural } from '../lib/format.js';
import { shortWhen } from '../lib/days.js';
import { glyph, html, nothing } from '../lib/view.js';
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
 * @param {{ show: () => void, remove: (anchor: Element) => void, menu: (event: Event) => void }} acts
 */
export function historyRow(row, run, { open, words, now }, { show, remove, menu }) {
  // The history knows of an end that no event tells: a program that closed.
  const state = run !== null && run.lastSeq >= 0 && run.state !== 'running' ? run.state : rowState(row);
  const look = state === 'running' && run !== null && run.approval.open.length > 0 ? 'approval' : state;
  const [shape, tone] = stateIcons[look] ?? stateIcons.finished;
  const when = state === 'running' ? 'now' : shortWhen(new Date(row.startedAt), now);
  const removes = (/** @type {Event} */ event) => remove(/** @type {Element} */ (event.currentTarget));
  const pressed = (/** @type {KeyboardEvent} */ event) => event.key === 'Delete' && removes(event);
  // What stands in the question is marked there.
  const found = row.snippet && row.foundIn !== 'question' ? html`<span class="history-snippet">${places[row.foundIn ?? '']}${snippet(row.snippet)}</span>` : nothing;
  return html`<div class=${open ? 'history-row open' : 'history-row'} role="listitem" @contextmenu=${menu}>
    <button type="button" class="history-open" data-testid="history-item" data-run-id=${row.id} data-state=${state} aria-current=${open ? 'true' : nothing} tabindex="-1" @click=${show} @keydown=${pressed}>
      ${glyph(shape, { size: 14, class: tone })}<span class="visually-hidden">${stateWords[look]}: </span><span class="history-question">${marked(row.question, words)}</span>${found}
      <span class="history-meta"><span class="cut">${countWords(row, run, look)}</span><span class="numeric">${when}</span></span>
    </button>
    <button type="button" class="history-delete" aria-label="Delete “${row.question.slice(0, 80)}”" tabindex="-1" @click=${removes}>${glyph('trash', { size: 14 })}</button>
  </div>`;
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
  return marks(text.split(new RegExp(`(${quoted.join('|')})`, 'i')));
}

/** Rust puts matches between two control characters. @param {string} text */
const snippet = (text) => marks(text.split(/\u0001([^\u0002]*)\u0002/));

/** Every other part is a match. @param {string[]} parts */
const marks = (parts) => parts.map((part, place) => (place % 2 === 1 ? h('mark', null, part) : part));
