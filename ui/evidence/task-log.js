// @ts-check
// A task's log: what its events said, a line each, with the time on the run's axis. A line that is
// there stays the same element, so that what is selected in it or scrolled to is kept.

import { h, setText } from '../lib/dom.js';
import { plural } from '../lib/format.js';

/** @typedef {import('../run/live/types.js').LogLine} LogLine */

/** @type {Record<string, string>} */
const tones = { warn: 'tone-warn', error: 'tone-bad' };

export class TaskLog {
  #leftOut = h('p', { class: 'log-left-out', hidden: true });
  element = h('div', { class: 'task-log', role: 'log', 'aria-live': 'off' }, this.#leftOut);
  /** @type {Map<LogLine, HTMLElement>} */
  #rows = new Map();

  /** @param {import('../run/live/types.js').Task} task */
  show({ log, leftOut }) {
    this.#leftOut.hidden = leftOut === 0;
    setText(this.#leftOut, `${plural(leftOut, 'earlier line')} of progress left out`);
    const now = new Set(log);
    for (const [line, row] of this.#rows) {
      if (now.has(line)) continue;
      row.remove();
      this.#rows.delete(line);
    }
    for (const line of log) {
      if (this.#rows.has(line)) continue;
      const row = lineOf(line);
      this.#rows.set(line, row);
      this.element.append(row);
    }
  }
}

/** @param {LogLine} line */
function lineOf({ atMs, level, text }) {
  return h(
    'div',
    { class: 'log-line' },
    h('span', { class: 'log-time numeric' }, `${(atMs / 1000).toFixed(3)} s`),
    h('span', { class: tones[level] ?? 'tone-quiet' }, level),
    h('span', { class: 'log-text' }, text),
  );
}
