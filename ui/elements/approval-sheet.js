// @ts-check
// <approval-sheet>: the calls of a run that wait for the person, at the bottom of the run view. The
// timeline above stays live. Destructive ones start unticked. Sends `approve` {runId, approved,
// denied, always}.

import { h, fill, send } from '../lib/dom.js';
import { icon } from '../lib/icons.js';
import { plural, sentence } from '../lib/format.js';
import { alwaysOf, decision, effect, reason, sendsWhat, startsTicked, title } from '../state/approval.js';
import { argumentsLine } from './approval-arguments.js';

/** @typedef {import('../state/types.js').Run} Run */
/** @typedef {import('../state/types.js').Task} Task */

/** A call that came after the others was not read before this. */
const READ_MS = 600;

/** @type {Record<import('../state/approval.js').Effect, [shape: string, tone: string, words: string]>} */
const effects = {
  sends: ['external-link', 'tone-warn', 'Sends results on'],
  changes: ['pencil', 'tone-warn', 'Changes data'],
  destroys: ['trash', 'tone-bad', 'Destructive'],
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
  /** @type {Map<number, number>} since when a call is on show; 0 for those the sheet opened with */
  #since = new Map();
  #openedAt = 0;
  #run = h('button', { type: 'button', class: 'button primary', 'data-testid': 'approve', onclick: () => this.answer() });
  #size = new ResizeObserver(() => this.parentElement?.style.setProperty('--sheet', `${this.offsetHeight}px`));

  connectedCallback() {
    this.#size.observe(this);
  }

  disconnectedCallback() {
    this.#size.disconnect();
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
    this.#note();
    this.#show(run.tasks.length - this.#open.length);
  }

  /** Decides on what is on show. */
  answer() {
    const ticked = (/** @type {Task} */ task) => this.#ticked.get(task.index) === true;
    const always = (/** @type {Task} */ task) => this.#always.has(toolKey(task));
    this.#send(decision(this.#read(), ticked, always));
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
    this.#openedAt = 0;
    this.#ticked.clear();
    this.#always.clear();
    this.#since.clear();
  }

  /** Since when each call is on show, and whether it starts ticked. */
  #note() {
    const now = performance.now();
    if (this.#openedAt === 0) this.#openedAt = now;
    const first = now - this.#openedAt < READ_MS / 2;
    for (const task of this.#open) {
      if (!this.#ticked.has(task.index)) this.#ticked.set(task.index, startsTicked(task));
      if (!this.#since.has(task.index)) this.#since.set(task.index, first ? 0 : now);
    }
  }

  /** What came in under the pointer is not decided on by a click that meant the others. */
  #read() {
    const until = performance.now() - READ_MS;
    const since = (/** @type {Task} */ task) => this.#since.get(task.index) ?? 0;
    return this.#open.filter((task) => since(task) === 0 || since(task) <= until);
  }

  /** @param {number} others tasks that are not asked about */
  #show(others) {
    const words = title(this.#open);
    const active = document.activeElement;
    const focused = active !== null && this.contains(active) ? place(active) : null;
    const top = this.querySelector('.sheet-calls')?.scrollTop ?? 0;
    const rest = others === 0 ? '' : others === 1 ? 'The other task goes on. ' : `The other ${plural(others, 'task')} go on. `;
    fill(
      this,
      h(
        'section',
        { class: 'sheet', role: 'dialog', 'aria-modal': 'false', 'aria-label': words, tabindex: -1, 'data-testid': 'approval' },
        h(
          'div',
          { class: 'sheet-head' },
          icon('hand', { size: 18, class: 'tone-warn' }),
          h('div', null, h('h2', { class: 'sheet-title' }, words), h('p', { class: 'sheet-text' }, `${rest}Unticked calls are skipped and named in the answer.`)),
        ),
        h('ul', { class: 'sheet-calls' }, this.#open.map((task) => this.#call(task))),
        this.#foot(),
      ),
    );
    this.#count();
    const calls = this.querySelector('.sheet-calls');
    if (calls !== null) calls.scrollTop = top;
    if (focused !== null) /** @type {HTMLElement | null} */ (this.querySelector(focused))?.focus({ preventScroll: true });
  }

  #foot() {
    const skip = () => this.#send({ approved: [], denied: this.#read().map((task) => task.index), always: [] });
    const why = sentence(reason(this.#open));
    return h(
      'div',
      { class: 'sheet-foot' },
      icon('shield-check', { size: 15, class: 'tone-quiet' }),
      h('span', { class: 'grow' }, h('span', { class: 'sheet-reason', title: why }, why)),
      h('button', { type: 'button', class: 'button', 'data-testid': 'deny', onclick: skip }, this.#open.length === 1 ? 'Skip it' : `Skip all ${this.#open.length}`),
      this.#run,
    );
  }

  /** @param {Task} task */
  #call(task) {
    const [shape, tone, words] = effects[effect(task)];
    const sends = this.#open.length > 1 ? sendsWhat(task) : null;
    const tick = /** @type {HTMLInputElement} */ (
      h('input', { type: 'checkbox', class: 'tick', checked: this.#ticked.get(task.index), 'aria-label': `Allow task ${task.index + 1}, ${task.tool}`, 'data-testid': 'approval-tick', 'data-index': task.index })
    );
    tick.addEventListener('change', () => {
      this.#ticked.set(task.index, tick.checked);
      this.#count();
    });
    return h(
      'li',
      { class: 'sheet-call' },
      tick,
      h(
        'div',
        { class: 'grow' },
        h(
          'p',
          { class: 'sheet-call-head' },
          h('span', { class: 'tone-quiet numeric' }, task.index + 1),
          h('strong', { class: 'cut' }, task.tool),
          h('span', { class: 'badge' }, task.server ?? 'unknown'),
          h('span', { class: `sheet-kind ${tone}` }, icon(shape, { size: 13 }), words),
        ),
        task.asked?.tool?.changed && h('p', { class: 'sheet-changed' }, icon('triangle-alert', { size: 13 }), 'Its definition changed since you allowed it'),
        sends !== null && h('p', { class: 'sheet-sends' }, sentence(sends)),
        argumentsLine(task.arguments),
      ),
      alwaysOf(task) !== null && this.#alwaysBox(task),
    );
  }

  /** One for the tool, wherever it stands: it is ticked for each of its calls. @param {Task} task */
  #alwaysBox(task) {
    const key = toolKey(task);
    const box = /** @type {HTMLInputElement} */ (
      h('input', { type: 'checkbox', class: 'tick', 'aria-label': `Always allow ${task.tool} of ${task.server}`, 'data-testid': 'always-allow', 'data-index': task.index })
    );
    box.addEventListener('change', () => {
      if (box.checked) this.#always.add(key);
      else this.#always.delete(key);
      this.#count();
    });
    return h('label', { class: 'sheet-always' }, box, 'Always allow');
  }

  /** The words of the button, and which “always” is in effect: none of a call that is not to run. */
  #count() {
    const count = this.#open.filter((task) => this.#ticked.get(task.index)).length;
    fill(this.#run, count === 0 ? 'Run none' : `Run ${plural(count, 'call')}`, h('kbd', { class: 'key' }, 'Ctrl ↵'));
    for (const task of this.#open) {
      const box = this.querySelector(`[data-testid=always-allow][data-index="${task.index}"]`);
      if (!(box instanceof HTMLInputElement)) continue;
      box.disabled = this.#ticked.get(task.index) !== true;
      box.checked = !box.disabled && this.#always.has(toolKey(task));
    }
  }

  /** @param {ReturnType<typeof decision>} decided */
  #send(decided) {
    if (decided.approved.length + decided.denied.length > 0) send(this, 'approve', { runId: this.#runId, ...decided });
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
