// @ts-check
// <approval-sheet>: the calls of a run that wait for the person, at the bottom of the run view. The
// timeline above stays live. Destructive ones start unticked. Sends `approve` {approved, denied}.

import { h, fill, send } from '../lib/dom.js';
import { icon } from '../lib/icons.js';
import { plural, sentence } from '../lib/format.js';
import { toolStatus } from '../state/servers.js';
import { argumentLine } from '../state/task-note.js';

/** @typedef {import('../state/types.js').Run} Run */

class ApprovalSheet extends HTMLElement {
  #shape = '';
  /** @type {Map<number, boolean>} what the person ticked */
  #ticked = new Map();
  /** @type {number[]} */
  #open = [];
  #run = h('button', { type: 'button', class: 'button primary', onclick: () => this.#answer() });

  connectedCallback() {
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
    const title = open.length === 1 ? 'Allow 1 call that may change something?' : `Allow ${open.length} calls that may change something?`;
    const began = this.childElementCount === 0;
    fill(
      this,
      h(
        'section',
        { class: 'sheet', role: 'dialog', 'aria-modal': 'false', 'aria-label': title },
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
    if (began) this.#run.focus({ preventScroll: true });
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
    const whole = argumentLine(task.arguments);
    const line = h('p', { class: 'sheet-arguments mono' }, whole);
    const more = whole.length > 160 && h('button', { type: 'button', class: 'link-button', onclick: () => line.classList.toggle('whole') }, 'show all');
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
        line,
        more,
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

customElements.define('approval-sheet', ApprovalSheet);
export { ApprovalSheet };
