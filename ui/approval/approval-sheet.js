// @ts-check
// <approval-sheet>: the calls of a run that wait for the person, at the bottom of the run view. The
// timeline above stays live. One call has two verbs; several have ticks, of which those that may
// destroy or send something out start unticked. Sends `approve` {runId, approved, denied, always}.

import { h, fill, send } from '../lib/dom.js';
import { icon } from '../lib/icons.js';
import { plural } from '../lib/format.js';
import { shown, visible } from '../lib/visible.js';
import { alwaysOf, decision, effects, list, reason, sendsFrom, startsTicked, title, untrusted, verbs } from './approval.js';
import { argumentsLine } from './approval-arguments.js';
import { strangeServer } from './approval-server.js';

/** @typedef {import('../run/live/types.js').Run} Run */
/** @typedef {import('../run/live/types.js').Task} Task */

/** What came in under the pointer was not read before this, so that no button acts until then. */
const READ_MS = 500;

/** @type {Record<import('./approval.js').Effect, [shape: string, tone: string, words: string]>} */
const kinds = {
  sends: ['external-link', 'tone-warn', 'Sends results on'],
  changes: ['pencil', 'tone-warn', 'Changes data'],
  destroys: ['trash', 'tone-bad', 'Destructive'],
  untrusted: ['server', 'tone-warn', 'Not trusted yet'],
  unknown: ['triangle-alert', 'tone-bad', 'May be destructive'],
};

class ApprovalSheet extends HTMLElement {
  #runId = '';
  #shape = '';
  /** @type {Task[]} */
  #open = [];
  /** @type {Map<number, boolean>} what the person ticked */
  #ticked = new Map();
  /** @type {Set<string>} tools that are always allowed from now on */
  #always = new Set();
  #read = false;
  #reading = 0;
  #allow = h('button', { type: 'button', class: 'button primary', 'data-testid': 'approve', onclick: () => this.answer() });
  #deny = h('button', { type: 'button', class: 'button', 'data-testid': 'deny', onclick: () => this.#denyAll() });
  #size = new ResizeObserver(() => this.parentElement?.style.setProperty('--sheet', `${this.offsetHeight}px`));

  connectedCallback() {
    this.#size.observe(this);
  }

  disconnectedCallback() {
    this.#size.disconnect();
    clearTimeout(this.#reading);
  }

  /** @param {Run} run */
  set run(run) {
    const open = run.state === 'running' ? run.approval.open : [];
    const shape = `${run.runId}/${open.join()}`;
    if (shape === this.#shape) return;
    this.#shape = shape;
    if (run.runId !== this.#runId) this.#forget(run.runId);
    this.#open = open.map((index) => run.tasks[index]).filter((task) => task !== undefined);
    this.hidden = this.#open.length === 0;
    if (this.#open.length === 0) {
      this.#forget(run.runId);
      fill(this);
      return;
    }
    for (const task of this.#open) if (!this.#ticked.has(task.index)) this.#ticked.set(task.index, startsTicked(task));
    this.#show(run.tasks.length - this.#open.length);
    this.#waitForEyes();
  }

  /** Decides on what is on show. */
  answer() {
    if (!this.#read || !this.#verbs().can) return;
    this.#send(decision(this.#open, (task) => this.#runs(task), (task) => this.#always.has(toolKey(task))));
  }

  get isOpen() {
    return this.#open.length > 0;
  }

  focus() {
    /** @type {HTMLElement | null} */ (this.firstElementChild)?.focus({ preventScroll: true });
  }

  /** @param {string} runId */
  #forget(runId) {
    this.#runId = runId;
    this.#ticked.clear();
    this.#always.clear();
    clearTimeout(this.#reading);
  }

  #waitForEyes() {
    clearTimeout(this.#reading);
    this.#read = false;
    this.#showVerbs();
    this.#reading = window.setTimeout(() => {
      this.#read = true;
      this.#showVerbs();
    }, READ_MS);
  }

  /** A single call has no tick: allowing it is what its button does. @param {Task} task */
  #runs(task) {
    return this.#open.length === 1 || this.#ticked.get(task.index) === true;
  }

  #verbs() {
    const ticked = this.#open.filter((task) => this.#runs(task)).length;
    return verbs(this.#open, ticked, this.#always.has(toolKey(this.#open[0])));
  }

  #denyAll() {
    if (this.#read) this.#send({ approved: [], denied: this.#open.map((task) => task.index), always: [] });
  }

  /** @param {number} others tasks that are not asked about */
  #show(others) {
    const words = visible(title(this.#open));
    const active = document.activeElement;
    const focused = active !== null && this.contains(active) ? place(active) : null;
    const top = this.querySelector('.sheet-calls')?.scrollTop ?? 0;
    const rest = others === 0 ? '' : others === 1 ? 'The other task goes on. ' : `The other ${plural(others, 'task')} go on. `;
    const one = this.#open.length === 1;
    fill(
      this,
      h(
        'section',
        { class: 'sheet', role: 'dialog', 'aria-modal': 'false', 'aria-label': words, tabindex: -1, 'data-testid': 'approval' },
        h(
          'div',
          { class: 'sheet-head' },
          icon('hand', { size: 18, class: 'tone-warn' }),
          h('div', null, h('h2', { class: 'sheet-title' }, words), h('p', { class: 'sheet-text' }, rest, one ? 'A call that you deny is named in the answer.' : 'Unticked calls are skipped and named in the answer.')),
        ),
        h('ul', { class: 'sheet-calls' }, this.#open.map((task) => this.#call(task)), untrusted(this.#open).map((server) => h('li', { class: 'sheet-call' }, strangeServer(server)))),
        this.#foot(),
      ),
    );
    this.#showAlways();
    const calls = this.querySelector('.sheet-calls');
    if (calls !== null) calls.scrollTop = top;
    if (focused !== null) /** @type {HTMLElement | null} */ (this.querySelector(focused) ?? this.firstElementChild)?.focus({ preventScroll: true });
  }

  #foot() {
    const why = visible(reason(this.#open));
    return h('div', { class: 'sheet-foot' }, icon('shield-check', { size: 15, class: 'tone-quiet' }), h('span', { class: 'grow' }, h('span', { class: 'sheet-reason', title: why }, why)), this.#deny, this.#allow);
  }

  /** @param {Task} task */
  #call(task) {
    const sources = sendsFrom(task);
    return h(
      'li',
      { class: 'sheet-call' },
      this.#open.length > 1 && this.#tick(task),
      h(
        'div',
        { class: 'grow' },
        h(
          'p',
          { class: 'sheet-call-head' },
          h('span', { class: 'tone-quiet numeric' }, task.index + 1),
          h('strong', { class: 'cut', title: visible(task.tool) }, shown(task.tool)),
          h('span', { class: 'badge' }, shown(task.server ?? 'unknown')),
          effects(task).map((effect) => h('span', { class: `sheet-kind ${kinds[effect][1]}`, 'data-effect': effect }, icon(kinds[effect][0], { size: 13 }), kinds[effect][2])),
        ),
        task.asked?.tool?.changed && h('p', { class: 'sheet-changed' }, icon('triangle-alert', { size: 13 }), 'Its definition changed since you allowed it'),
        sources.length > 0 && h('p', { class: 'sheet-sends', 'data-testid': 'sends' }, 'What ', shown(list(sources)), ' answered goes to ', shown(task.server ?? 'unknown'), ', which reaches out into the world.'),
        argumentsLine(task.arguments),
      ),
      alwaysOf(task) !== null && this.#alwaysBox(task),
    );
  }

  /** @param {Task} task */
  #tick(task) {
    const tick = /** @type {HTMLInputElement} */ (
      h('input', { type: 'checkbox', class: 'tick', checked: this.#ticked.get(task.index), 'aria-label': `Allow task ${task.index + 1}, ${visible(task.tool)}`, 'data-testid': 'approval-tick', 'data-index': task.index })
    );
    tick.addEventListener('change', () => {
      this.#ticked.set(task.index, tick.checked);
      this.#showAlways();
    });
    return tick;
  }

  /** One for the tool, wherever it stands: it is ticked for each of its calls. @param {Task} task */
  #alwaysBox(task) {
    const key = toolKey(task);
    const box = /** @type {HTMLInputElement} */ (
      h('input', { type: 'checkbox', class: 'tick', 'aria-label': `Always allow ${visible(task.tool)} of ${visible(task.server ?? '')}`, 'data-testid': 'always-allow', 'data-index': task.index })
    );
    box.addEventListener('change', () => {
      if (box.checked) this.#always.add(key);
      else this.#always.delete(key);
      this.#showAlways();
    });
    return h('label', { class: 'sheet-always' }, box, 'Always allow');
  }

  /** Which “always” is in effect: none of a call that is not to run. */
  #showAlways() {
    for (const task of this.#open) {
      const box = this.querySelector(`[data-testid=always-allow][data-index="${task.index}"]`);
      if (!(box instanceof HTMLInputElement)) continue;
      box.disabled = !this.#runs(task);
      box.checked = !box.disabled && this.#always.has(toolKey(task));
    }
    this.#showVerbs();
  }

  /** A button that does not act yet keeps the focus, which one that is `disabled` would lose. */
  #showVerbs() {
    if (this.#open.length === 0) return;
    const { allow, deny, can } = this.#verbs();
    fill(this.#allow, allow, h('kbd', { class: 'key' }, 'Ctrl ↵'));
    fill(this.#deny, deny);
    this.#allow.setAttribute('aria-disabled', String(!this.#read || !can));
    this.#deny.setAttribute('aria-disabled', String(!this.#read));
  }

  /** @param {ReturnType<typeof decision>} decided */
  #send(decided) {
    send(this, 'approve', { runId: this.#runId, ...decided });
  }
}

/** @param {Task} task */
function toolKey(task) {
  return JSON.stringify(alwaysOf(task));
}

/** Finds a control again after the sheet was made anew. @param {Element} control @returns {string} */
function place(control) {
  const { testid, index } = /** @type {HTMLElement} */ (control).dataset;
  if (testid === undefined) return '.sheet';
  return index === undefined ? `[data-testid=${testid}]` : `[data-testid=${testid}][data-index="${index}"]`;
}

customElements.define('approval-sheet', ApprovalSheet);
export { ApprovalSheet };
