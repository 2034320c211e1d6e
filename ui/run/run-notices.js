// @ts-check
// What is said of a run besides its answer: why it failed, what was kept of an interrupted or
// cancelled one, what was not consulted. Functions that make elements; `send` is the run view's.

import { h } from '../lib/dom.js';
import { icon } from '../lib/icons.js';
import { happened, plural, sentence } from '../lib/format.js';
import { counts } from './run-facts.js';

/** @typedef {import('./live/types.js').Run} Run */
/** @typedef {import('./live/types.js').Told} Told */
/** @typedef {(name: string, detail?: any) => void} Send */

/** The reasons, one line and one action each. @param {Run} run @param {Send} send */
export function failureReport(run, send) {
  const code = run.failure?.code ?? '';
  if (code === 'no_tools') return noTools(run, send);
  const groups = failedGroups(run);
  const heads = /** @type {Record<string, string>} */ ({
    all_tasks_failed: run.tasks.length === 1 ? 'The only task failed, so there is no answer' : `All ${plural(run.tasks.length, 'task')} failed, so there is no answer`,
    timed_out: 'The run reached its time limit, so there is no answer',
    plan_failed: 'No plan could be made, so there is no answer',
    unreadable: 'This run cannot be read',
  });
  const advice = code === 'all_tasks_failed' ? 'Put any one of these right and ask again: the tasks that work are enough.' : sentence(run.failure?.message ?? '');
  return h(
    'section',
    { class: 'failure', 'aria-label': 'Why there is no answer' },
    h(
      'div',
      { class: 'failure-head' },
      icon('circle-x', { size: 18, class: 'tone-bad' }),
      h('div', { class: 'grow' }, h('h2', { class: 'failure-title' }, heads[code] ?? 'The run failed'), h('p', { class: 'failure-text' }, advice)),
      code === 'unreadable'
        ? h('button', { type: 'button', class: 'button primary', onclick: () => send('read-again') }, icon('rotate-cw', { size: 15 }), 'Read again')
        : h('button', { type: 'button', class: 'button primary', onclick: () => send('again') }, icon('rotate-cw', { size: 15 }), 'Ask again'),
    ),
    groups.map((group) => failedRow(group, send)),
    failedServers(run).map((server) => serverRow(server, send)),
  );
}

const needsModel = 'Without a model each question stands alone. Choose a model for follow-ups that refer back to an answer, or name in the question what it is about.';

/** @param {Run} run @param {Send} send */
function noTools(run, send) {
  // The built-in planner knows nothing of what was said before.
  const refersBack = run.continues !== null && run.planner === 'builtin';
  const action = (/** @type {string} */ kind, /** @type {string} */ shape, /** @type {string} */ label, /** @type {any} */ detail) =>
    h('button', { type: 'button', class: `button ${kind}`, onclick: () => send('open-settings', detail) }, icon(shape, { size: 15 }), label);
  const addServer = (/** @type {string} */ kind) => action(kind, 'plus', 'Add server', { section: 'servers', add: true });
  const chooseModel = (/** @type {string} */ kind) => action(kind, 'cpu', 'Choose a model', { section: 'model' });
  return h(
    'section',
    { class: 'failure', 'aria-label': 'Why there is no answer' },
    h(
      'div',
      { class: 'failure-head quiet' },
      icon('plug', { size: 18, class: 'tone-quiet' }),
      h(
        'div',
        { class: 'grow' },
        h('h2', { class: 'failure-title' }, run.tools?.count ? 'No tool fits this question' : 'There is nothing to ask yet'),
        h('p', { class: 'failure-text' }, refersBack ? needsModel : sentence(run.failure?.message ?? '')),
      ),
      h('div', { class: 'failure-actions' }, refersBack ? [addServer(''), chooseModel('primary')] : [run.planner === 'builtin' && chooseModel(''), addServer('primary')]),
    ),
    failedServers(run).map((server) => serverRow(server, send)),
  );
}

/**
 * Tasks that failed for the same reason on the same server stand in one line.
 * @param {Run} run
 */
function failedGroups(run) {
  /** @type {Map<string, { tasks: import('./live/types.js').Task[], told: Told }>} */
  const groups = new Map();
  for (const task of run.tasks) {
    if (task.status === 'completed') continue;
    const told = task.error ?? { message: task.status === 'failed' ? 'failed without a reason' : task.status };
    const key = `${task.server}\n${told.message}`;
    /** @type {{ tasks: import('./live/types.js').Task[], told: Told }} */
    const group = groups.get(key) ?? { tasks: [], told };
    group.tasks.push(task);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** @param {{ tasks: import('./live/types.js').Task[], told: Told }} group @param {Send} send */
function failedRow({ tasks, told }, send) {
  const [first] = tasks;
  const advice = toDo(told);
  const tools = [...new Set(tasks.map((task) => task.tool))].join(', ');
  return h(
    'div',
    { class: 'failure-row' },
    h(
      'span',
      { class: 'failure-numbers' },
      tasks.slice(0, 3).map((task) => h('button', { type: 'button', class: 'citation', 'aria-label': `Task ${task.index + 1}`, onclick: () => send('open-task', { index: task.index }) }, task.index + 1)),
      tasks.length > 3 && h('span', { class: 'failure-more' }, `+${tasks.length - 3}`),
    ),
    h(
      'div',
      { class: 'grow' },
      h('p', { class: 'failure-reason' }, h('span', null, sentence(happened(told))), h('span', { class: 'failure-where' }, [first.server ?? 'no server', tools].join(' · '))),
      advice && h('p', { class: 'failure-text' }, advice),
    ),
    first.server !== null && first.error?.code !== 'denied' && h('button', { type: 'button', class: 'button small', onclick: () => send('open-settings', { section: 'servers', server: first.server }) }, 'Server settings'),
  );
}

/** @param {Run['servers'][number]} server @param {Send} send */
function serverRow(server, send) {
  const advice = toDo(server);
  return h(
    'div',
    { class: 'failure-row' },
    icon('server', { class: 'tone-quiet' }),
    h('div', { class: 'grow' }, h('p', { class: 'failure-reason' }, h('span', null, sentence(happened(server))), h('span', { class: 'failure-where' }, server.name)), advice && h('p', { class: 'failure-text' }, advice)),
    h('button', { type: 'button', class: 'button small', onclick: () => send('open-settings', { section: 'servers', server: server.name }) }, 'Server settings'),
  );
}

/** @param {Run} run */
function failedServers(run) {
  return run.servers.filter((server) => !server.ready);
}

/** What was kept of a run that did not come to an answer. @param {Run} run @param {Send} send */
export function keptBanner(run, send) {
  const closed = run.state === 'interrupted';
  const done = counts(run).completed;
  const total = run.tasks.length;
  const kept = total === 0 ? 'No task had been planned.' : done === 0 ? `None of the ${plural(total, 'task')} had completed.` : `${done} of ${plural(total, 'task')} had completed and ${done === 1 ? 'its result is' : 'their results are'} kept.`;
  const answer = run.answer === '' ? 'No answer was written.' : 'The answer stops where it was.';
  return h(
    'section',
    { class: closed ? 'banner warn' : 'banner' },
    icon(closed ? 'circle-pause' : 'circle-slash', { class: closed ? 'tone-warn' : 'tone-quiet' }),
    h('div', { class: 'grow' }, h('p', { class: 'banner-title' }, closed ? 'Trawl closed while this run was executing' : 'You cancelled this run'), h('p', { class: 'banner-text' }, `${kept} ${answer}`)),
    h('button', { type: 'button', class: closed ? 'button small primary' : 'button small', onclick: () => send('again') }, 'Ask again'),
  );
}

/** What a person said no to is no fault. @param {Run} run @param {Send} send */
export function declinedBanner(run, send) {
  const one = run.tasks.filter((task) => task.error?.code === 'denied').length === 1;
  return h(
    'section',
    { class: 'banner', 'data-testid': 'declined' },
    icon('hand', { class: 'tone-quiet' }),
    h('div', { class: 'grow' }, h('p', { class: 'banner-title' }, one ? 'You declined its only call' : 'You declined its calls'), h('p', { class: 'banner-text' }, 'Nothing was called, so there is nothing to answer from.')),
    h('button', { type: 'button', class: 'button small', onclick: () => send('again') }, 'Ask again'),
  );
}

/** @param {Run} run @param {Send} send @returns {HTMLElement | null} null where everything was consulted */
export function partialLine(run, send) {
  if (run.state !== 'partial') return null;
  const missing = run.result?.notConsulted ?? [];
  const names = missing.map(({ server, index, reason }) => {
    const task = index === undefined ? undefined : run.tasks[index];
    const name = server ?? (task === undefined ? 'a task' : `task ${task.index + 1}, ${task.server ?? task.tool}`);
    return `${name} (${reason})`;
  });
  return h(
    'section',
    { class: 'banner warn line' },
    icon('triangle-alert', { class: 'tone-warn' }),
    h('p', { class: 'grow' }, h('strong', null, missing.length > 0 ? 'Not consulted: ' : 'This answer is incomplete'), names.join(', ')),
    h('button', { type: 'button', class: 'link-button', onclick: () => send('again') }, 'Ask again'),
  );
}

/** @param {Told} told */
function toDo({ todo }) {
  return todo ? `${sentence(todo)}.` : '';
}

/** What a person should know of the plan; which tools it was made without unfolds. @param {Run} run @returns {(Node | string)[]} */
export function planNote({ plan }) {
  if (plan === null || plan.note === null) return [];
  const note = sentence(plan.note);
  if (plan.leftOut.length === 0) return [note];
  return [
    note,
    h('details', { class: 'left-out' }, h('summary', null, 'Show which tools'), h('ul', { class: 'left-out-names mono' }, plan.leftOut.map((name) => h('li', null, name)))),
  ];
}
