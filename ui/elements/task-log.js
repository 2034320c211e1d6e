// @ts-check
// A task's log: what its events said, a line each, with the time on the run's axis.

import { h } from '../lib/dom.js';
import { plural } from '../lib/format.js';

/** @type {Record<string, string>} */
const tones = { warn: 'tone-warn', error: 'tone-bad' };

/** @param {import('../state/types.js').Task} task */
export function logLines(task) {
  return h(
    'div',
    { class: 'task-log', role: 'log', 'aria-live': 'off' },
    task.leftOut > 0 && h('p', { class: 'log-left-out' }, `${plural(task.leftOut, 'earlier line')} of progress left out`),
    task.log.map((line) =>
      h(
        'div',
        { class: 'log-line' },
        h('span', { class: 'log-time numeric' }, `${(line.atMs / 1000).toFixed(3)} s`),
        h('span', { class: tones[line.level] ?? 'tone-quiet' }, line.level),
        h('span', { class: 'log-text' }, line.text),
      ),
    ),
  );
}
