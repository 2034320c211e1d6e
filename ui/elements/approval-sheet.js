// @ts-check
// <approval-sheet>: the calls of a run that wait for the person, at the bottom of the run view. The
// timeline above stays live. Destructive ones start unticked. Sends `approve` {approved, denied}.

import { h, fill, send } from '../lib/dom.js';
import { icon } from '../lib/icons.js';
import { bytes, plural, sentence } from '../lib/format.js';
import { toolStatus } from '../state/servers.js';

/** @typedef {import('../state/types.js').Run} Run */

/** Characters of an argument that still stand in its line. */
const LONG = 120;

class ApprovalSheet extends HTMLElement {
  #shape = '';
  /** @type {Map<number, boolean>} what the person ticked */
  #ticked = new Map();
  /** @type {number[]} */
  #open = [];
  #run = h('button', { type: 'button', class: 'button primary', onclick: () => this.#answer() });

  #size = new ResizeObserver(() => this.parentElement?.style.setProperty('--sheet', `${this.offsetHeight}px`));

  connectedCallback() {
    this.#size.observe(this);
    this.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) this.#answer();
    });
  }

  /** @param {Run} run */
  set run(run) {
    const open = run.state === 'running' ? run.approval.open : [];
    const shape = `${run.runId}/${open.join()}`;
    if (shape === this.#shape) return;
    if (!shape.startsWith(this.#shape.split('/')[0])) this.#ticked.clear();
    this.#shape = shape;
    this.#open = open;
    this.hidden = open.length === 0;
    if (open.length === 0) {
      this.#ticked.clear();
      fill(this);
      return;
    }
    const others = run.tasks.length - open.length;
    const title = open.length === 1 ? 'Allow 1 call that changes something?' : `Allow ${open.length} calls that change something?`;
    const began = this.childElementCount === 0;
    fill(
      this,
      h(
        'section',
        { class: 'sheet', role: 'dialog', 'aria-modal': 'false', 'aria-label': title, tabindex: -1 },
        h(
          'div',
          { class: 'sheet-head' },
          icon('hand', { size: 18, class: 'tone-warn' }),
          h('div', null, h('h2', { class: 'sheet-title' }, title), h('p', { class: 'sheet-text' }, others > 0 ? `The other ${plural(others, 'task')} ${others === 1 ? 'goes' : 'go'} on. Unticked calls are skipped and named in the answer.` : 'Unticked calls are skipped and named in the answer.')),
        ),
        h('ul', { class: 'sheet-calls' }, open.map((index) => this.#call(run.tasks[index]))),
        h(
          'div',
          { class: 'sheet-foot' },
          icon('shield-check', { size: 15, class: 'tone-quiet' }),
          h('span', { class: 'grow' }, sentence(run.approval.reason)),
          h('button', { type: 'button', class: 'button', onclick: () => send(this, 'approve', { approved: [], denied: this.#open }) }, open.length === 1 ? 'Skip it' : `Skip all ${open.length}`),
          this.#run,
        ),
      ),
    );
    this.#count();
    // Whoever is writing a follow-up is not interrupted; Ctrl+Enter in the sheet runs.
    if (began && (document.activeElement === document.body || document.activeElement === null)) {
      /** @type {HTMLElement | null} */ (this.firstElementChild)?.focus({ preventScroll: true });
    }
  }

  /** @param {import('../state/types.js').Task} task */
  #call(task) {
    const tool = toolStatus(task.server, task.tool);
    const destructive = tool?.destructive === true;
    if (!this.#ticked.has(task.index)) this.#ticked.set(task.index, !destructive);
    const tick = /** @type {HTMLInputElement} */ (
      h('input', { type: 'checkbox', class: 'tick', checked: this.#ticked.get(task.index), 'aria-label': `Allow task ${task.index + 1}, ${task.tool}` })
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
          h('strong', null, task.tool),
          h('span', { class: 'badge' }, task.server ?? 'unknown'),
          destructive
            ? h('span', { class: 'sheet-kind tone-bad' }, icon('trash', { size: 13 }), 'Destructive')
            : h('span', { class: 'sheet-kind tone-warn' }, icon('pencil', { size: 13 }), tool?.readOnly ? 'Sends results on' : 'Changes data'),
        ),
        argumentsLine(task.arguments),
      ),
    );
  }

  #count() {
    const count = this.#open.filter((index) => this.#ticked.get(index)).length;
    fill(this.#run, count === 0 ? 'Run none' : `Run ${plural(count, 'call')}`, h('kbd', { class: 'key' }, 'Ctrl ↵'));
  }

  #answer() {
    const approved = this.#open.filter((index) => this.#ticked.get(index));
    const denied = this.#open.filter((index) => !this.#ticked.get(index));
    send(this, 'approve', { approved, denied });
  }
}

/** Arguments in one line; a long text stands as its size, and is shown whole on request. @param {any} given */
function argumentsLine(given) {
  const line = h('p', { class: 'sheet-arguments mono' });
  const entries = Object.entries(given ?? {});
  if (entries.length === 0) line.append('no arguments');
  entries.forEach(([name, value], place) => {
    const text = JSON.stringify(value);
    line.append(place === 0 ? '' : ', ', `${name}: `);
    if (text.length <= LONG) {
      line.append(text);
      return;
    }
    const show = h('button', { type: 'button', class: 'sheet-show' }, `${bytes(new TextEncoder().encode(text).length)}, show`);
    show.addEventListener('click', () => {
      show.replaceWith(text);
      line.classList.add('whole');
    });
    line.append(show);
  });
  return line;
}

customElements.define('approval-sheet', ApprovalSheet);
export { ApprovalSheet };
