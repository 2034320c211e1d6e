// @ts-check
// The line below a task's name in the evidence: how it ended or how it goes, what of its result the
// model read, and where a result came from that was kept. Functions; the line sends through `from`.

import { h, send } from '../lib/dom.js';
import { icon } from '../lib/icons.js';
import { exact, plural, running } from '../lib/format.js';
import { runNow } from '../run/live/run-clock.js';
import { kept, look, lookIcon, note } from '../run/timeline/task-note.js';
import { part } from '../run/usage.js';

/** @typedef {import('../run/live/types.js').Run} Run */
/** @typedef {import('../run/live/types.js').Task} Task */

/** @type {Record<string, string>} */
const tones = { completed: 'tone-ok', running: 'tone-live', retrying: 'tone-warn', failed: 'tone-bad', approval: 'tone-warn', interrupted: 'tone-warn' };

/** @param {EventTarget} from @param {Run} run @param {Task} task */
export function stateLine(from, run, task) {
  const own = look(task);
  const cut = run.result?.cuts.find(({ index }) => index === task.index);
  const { reused } = task;
  return h(
    'p',
    { class: 'evidence-state numeric' },
    icon(lookIcon[own], { size: 14, class: tones[own] ?? 'tone-quiet' }),
    h(
      'span',
      null,
      h('span', { 'data-part': 'words' }, stateWords(run, task)),
      cut !== undefined && ` · the model read ${part(cut)}`,
      reused !== null && [' · ', h('button', { type: 'button', class: 'link-button', onclick: () => send(from, 'open-run', { runId: reused.runId, evidence: null }) }, 'Open that run')],
    ),
  );
}

/** What the line begins with; it names the time while the task runs. @param {Run} run @param {Task} task */
export function stateWords(run, task) {
  const tries = task.attempt > 0 ? ` · ${plural(task.attempt, 'attempt')}` : '';
  const { text } = note(task, { tasks: run.tasks });
  switch (look(task)) {
    case 'completed':
      return `Completed in ${exact(task.elapsedMs)}${tries}`;
    case 'reused':
      return kept(task);
    case 'failed':
      return task.startedMs === null ? 'Failed before it was called' : `Failed after ${exact(task.elapsedMs)}${tries}`;
    case 'running':
      return `Running for ${running(runNow(run) - (task.startedMs ?? 0))}${text ? ` · ${text}` : ''}`;
    default:
      return text;
  }
}
