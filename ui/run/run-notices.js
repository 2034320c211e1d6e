// @ts-check
// What is said of a run besides its answer: why it failed, what was kept of an interrupted or
// cancelled one, what was not consulted. Functions that give views; `send` is the run view's.

import { happened, plural, sentence } from '../lib/format.js';
import { each, glyph, html, nothing } from '../lib/view.js';
import { counts } from './run-facts.js';

/** @typedef {import('./live/types.js').Run} Run */
/** @typedef {import('./live/types.js').Told} Told */
/** @typedef {import('../lib/view.js').View} View */
/** @typedef {(name: string, detail?: any) => void} Send */

/** The reasons, one line and one action each. @param {Run} run @param {Send} send */
export function failureReport(run, send) {
  const code = run.failure?.code ?? '';
  if (code === 'no_tools') return noTools(run, send);
  const heads = /** @type {Record<string, string>} */ ({
    all_tasks_failed: run.tasks.length === 1 ? 'The only task failed, so there is no answer' : `All ${plural(run.tasks.length, 'task')} failed, so there is no answer`,
    timed_out: 'The run reached its time limit, so there is no answer',
    plan_failed: 'No plan could be made, so there is no answer',
    unreadable: 'This run cannot be read',
  });
  const advice = code === 'all_tasks_failed' ? 'Put any one of these right and ask again: the tasks that work are enough.' : sentence(run.failure?.message ?? '');
  const unreadable = code === 'unreadable';
  return html`<section class="failure" aria-label="Why there is no answer">
    <div class="failure-head">
      ${glyph('circle-x', { size: 18, class: 'tone-bad' })}
      <div class="grow"><h2 class="failure-title">${heads[code] ?? 'The run failed'}</h2><p class="failure-text">${advice}</p></div>
      <button type="button" class="button primary" @click=${() => send(unreadable ? 'read-again' : 'again')}>${glyph('rotate-cw', { size: 15 })}${unreadable ? 'Read again' : 'Ask again'}</button>
    </div>
    ${each(failedGroups(run), ([key]) => key, ([, group]) => failedRow(group, send))}${failedServers(run, send)}
  </section>`;
}

const needsModel = 'Without a model each question stands alone. Choose a model for follow-ups that refer back to an answer, or name in the question what it is about.';

/** @param {Run} run @param {Send} send */
function noTools(run, send) {
  // The built-in planner knows nothing of what was said before.
  const refersBack = run.continues !== null && run.planner === 'builtin';
  const action = (/** @type {string} */ kind, /** @type {string} */ shape, /** @type {string} */ label, /** @type {any} */ detail) =>
    html`<button type="button" class=${`button ${kind}`} @click=${() => send('open-settings', detail)}>${glyph(shape, { size: 15 })}${label}</button>`;
  const addServer = (/** @type {string} */ kind) => action(kind, 'plus', 'Add server', { section: 'servers', add: true });
  const chooseModel = (/** @type {string} */ kind) => action(kind, 'cpu', 'Choose a model', { section: 'model' });
  return html`<section class="failure" aria-label="Why there is no answer">
    <div class="failure-head quiet">
      ${glyph('plug', { size: 18, class: 'tone-quiet' })}
      <div class="grow">
        <h2 class="failure-title">${run.tools?.count ? 'No tool fits this question' : 'There is nothing to ask yet'}</h2>
        <p class="failure-text">${refersBack ? needsModel : sentence(run.failure?.message ?? '')}</p>
      </div>
      <div class="failure-actions">${refersBack ? [addServer(''), chooseModel('primary')] : [run.planner === 'builtin' ? chooseModel('') : nothing, addServer('primary')]}</div>
    </div>
    ${failedServers(run, send)}
  </section>`;
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
  return groups;
}

/** @param {{ tasks: import('./live/types.js').Task[], told: Told }} group @param {Send} send */
function failedRow({ tasks, told }, send) {
  const [first] = tasks;
  const where = [first.server ?? 'no server', [...new Set(tasks.map((task) => task.tool))].join(', ')].join(' · ');
  const task = (/** @type {import('./live/types.js').Task} */ { index }) =>
    html`<button type="button" class="citation" aria-label=${`Task ${index + 1}`} @click=${() => send('open-task', { index })}>${index + 1}</button>`;
  return html`<div class="failure-row">
    <span class="failure-numbers">${each(tasks.slice(0, 3), ({ index }) => index, task)}${tasks.length > 3 ? html`<span class="failure-more">+${tasks.length - 3}</span>` : nothing}</span>
    ${reason(told, where)}
    ${first.server !== null && first.error?.code !== 'denied' ? serverSettings(first.server, send) : nothing}
  </div>`;
}

/** Servers that gave no tools. @param {Run} run @param {Send} send */
function failedServers({ servers }, send) {
  const row = (/** @type {Run['servers'][number]} */ server) => html`<div class="failure-row">${glyph('server', { class: 'tone-quiet' })}${reason(server, server.name)}${serverSettings(server.name, send)}</div>`;
  return each(servers.filter((server) => !server.ready), ({ name }) => name, row);
}

/** What happened and where, and what to do. @param {Told} told @param {string} where */
function reason(told, where) {
  return html`<div class="grow">
    <p class="failure-reason"><span>${sentence(happened(told))}</span><span class="failure-where">${where}</span></p>
    ${told.todo ? html`<p class="failure-text">${sentence(told.todo)}.</p>` : nothing}
  </div>`;
}

/** @param {string} server @param {Send} send */
function serverSettings(server, send) {
  return html`<button type="button" class="button small" @click=${() => send('open-settings', { section: 'servers', server })}>Server settings</button>`;
}

/** What was kept of a run that did not come to an answer. @param {Run} run @param {Send} send */
export function keptBanner(run, send) {
  const closed = run.state === 'interrupted';
  const done = counts(run).completed;
  const total = run.tasks.length;
  const kept = total === 0 ? 'No task had been planned.' : done === 0 ? `None of the ${plural(total, 'task')} had completed.` : `${done} of ${plural(total, 'task')} had completed and ${done === 1 ? 'its result is' : 'their results are'} kept.`;
  const answer = run.answer === '' ? 'No answer was written.' : 'The answer stops where it was.';
  return html`<section class=${closed ? 'banner warn' : 'banner'}>
    ${glyph(closed ? 'circle-pause' : 'circle-slash', { class: closed ? 'tone-warn' : 'tone-quiet' })}
    <div class="grow">
      <p class="banner-title">${closed ? 'Trawl closed while this run was executing' : 'You cancelled this run'}</p>
      <p class="banner-text">${kept} ${answer}</p>
    </div>
    <button type="button" class=${closed ? 'button small primary' : 'button small'} @click=${() => send('again')}>Ask again</button>
  </section>`;
}

/** What a person said no to is no fault. @param {Run} run @param {Send} send */
export function declinedBanner(run, send) {
  const one = run.tasks.filter((task) => task.error?.code === 'denied').length === 1;
  return html`<section class="banner" data-testid="declined">
    ${glyph('hand', { class: 'tone-quiet' })}
    <div class="grow"><p class="banner-title">${one ? 'You declined its only call' : 'You declined its calls'}</p><p class="banner-text">Nothing was called, so there is nothing to answer from.</p></div>
    <button type="button" class="button small" @click=${() => send('again')}>Ask again</button>
  </section>`;
}

/** Nothing where everything was consulted. @param {Run} run @param {Send} send */
export function partialLine(run, send) {
  if (run.state !== 'partial') return nothing;
  const missing = run.result?.notConsulted ?? [];
  const names = missing.map(({ server, index, reason }) => {
    const task = index === undefined ? undefined : run.tasks[index];
    const name = server ?? (task === undefined ? 'a task' : `task ${task.index + 1}, ${task.server ?? task.tool}`);
    return `${name} (${reason})`;
  });
  return html`<section class="banner warn line">
    ${glyph('triangle-alert', { class: 'tone-warn' })}
    <p class="grow"><strong>${missing.length > 0 ? 'Not consulted: ' : 'This answer is incomplete'}</strong>${names.join(', ')}</p>
    <button type="button" class="link-button" @click=${() => send('again')}>Ask again</button>
  </section>`;
}

/** What a person should know of the plan; which tools it was made without unfolds. @param {Run} run @returns {View} */
export function planNote({ runId, plan }) {
  if (plan === null || plan.note === null) return nothing;
  const names = plan.leftOut.map((name) => html`<li>${name}</li>`);
  const leftOut = html`<details class="left-out"><summary>Show which tools</summary><ul class="left-out-names mono">${names}</ul></details>`;
  return html`${sentence(plan.note)}${each(names.length === 0 ? [] : [runId], (id) => id, () => leftOut)}`;
}
