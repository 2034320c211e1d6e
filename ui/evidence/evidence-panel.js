// @ts-check
// <evidence-panel>: one task at the right: its whole result as table, tree or text, its arguments,
// its log. Sends `close-evidence`, `open-task`, `stop-task`.

import { copyText } from '../lib/clipboard.js';
import { h, fill, send, setText } from '../lib/dom.js';
import { eachFrame } from '../lib/frames.js';
import { icon } from '../lib/icons.js';
import { bytes, exact, plural, sentence } from '../lib/format.js';
import { refill } from '../lib/refill.js';
import { roving, reachable } from '../lib/roving.js';
import { said } from '../api.js';
import { wholeResult } from './results.js';
import { canStop, isEnded } from '../run/run-facts.js';
import { stateLine, stateWords } from './evidence-state.js';
import { ResultTable } from './result-table.js';
import { ResultText, ResultTree } from './result-lines.js';
import { TaskLog } from './task-log.js';

/** @typedef {import('../run/live/types.js').Run} Run */
/** @typedef {import('../run/live/types.js').Task} Task */

const views = /** @type {const} */ ([
  ['table', 'table', 'As a table'],
  ['tree', 'list-tree', 'As a tree'],
  ['text', 'text', 'As text'],
]);

/** Less than a line from the end is at the end. */
const LINE_PX = 24;

class EvidencePanel extends HTMLElement {
  /** @type {Run | null} */
  #run = null;
  #index = -1;
  /** @type {number | null} */
  #item = null;
  #tab = 'result';
  /** @type {'table' | 'tree' | 'text'} */
  #view = 'table';
  #head = h('header', { class: 'top-bar evidence-head' });
  #intro = h('div', { class: 'evidence-intro' });
  #tabs = h('div', { class: 'tabs', role: 'tablist', 'aria-label': 'Evidence' });
  #tools = h('div', { class: 'evidence-tools' });
  #search = /** @type {HTMLInputElement} */ (h('input', { type: 'search', placeholder: 'Search this result', 'aria-label': 'Search this result', autocomplete: 'off', spellcheck: 'false' }));
  #views = h('div', { class: 'segments', role: 'radiogroup', 'aria-label': 'View' });
  #body = h('div', { class: 'evidence-body', 'data-testid': 'task-result', role: 'tabpanel' });
  #foot = h('footer', { class: 'evidence-foot' });
  #count = h('span', { class: 'grow cut numeric' });
  #table = new ResultTable();
  #tree = new ResultTree();
  #text = new ResultText();
  #log = new TaskLog();
  /** @type {any} */
  #shownArguments = null;
  /** @type {import('./results.js').WholeResult | null} */
  #result = null;
  #shownFor = '';
  /** Which view of which result stands in the body, or which other tab, as the person left it. */
  #standing = '';
  #shape = '';
  /** @type {(() => void) | null} */
  #stopFrames = null;

  connectedCallback() {
    if (this.childElementCount > 0) return;
    this.#views.append(
      ...views.map(([view, shape, label]) => h('button', { type: 'button', role: 'radio', 'aria-label': label, title: label, 'data-view': view, onclick: () => this.#switch(view) }, icon(shape, { size: 15 }))),
    );
    roving(this.#views, 'button', { horizontal: true });
    roving(this.#tabs, '[role=tab]', { horizontal: true });
    this.#tools.append(h('label', { class: 'search-field grow' }, icon('search', { size: 15 }), this.#search), this.#views);
    this.#search.addEventListener('input', () => this.#filter());
    this.#search.addEventListener('keydown', (event) => this.#clear(event));
    this.append(this.#head, h('div', { class: 'evidence-top' }, this.#intro, this.#tabs), this.#tools, this.#body, this.#foot);
    for (const [tab, label] of [['result', 'Result'], ['arguments', 'Arguments'], ['log', 'Log']]) {
      this.#tabs.append(h('button', { type: 'button', role: 'tab', class: 'tab', 'data-tab': tab, onclick: () => this.#choose(tab) }, label));
    }
  }

  /** Where the panel lies over the page, the keyboard goes on in it. */
  focus() {
    if (this.contains(document.activeElement)) return;
    /** @type {HTMLElement | null} */ (this.#head.querySelector('[aria-label="Close the evidence"]'))?.focus({ preventScroll: true });
  }

  /** @param {Run} run @param {number} index from 0 @param {number | null} item from 1 */
  open(run, index, item) {
    const other = run.runId !== this.#run?.runId || index !== this.#index;
    this.#run = run;
    this.#index = index;
    this.#item = item;
    if (other || item !== null) {
      this.#search.value = '';
      this.#tab = run.tasks[index]?.endedMs === null && item === null ? 'log' : 'result';
      this.#shownFor = '';
    }
    this.#shape = '';
    this.#show();
  }

  /** Nothing is followed any longer. */
  close() {
    this.#index = -1;
    this.#tick(false);
  }

  /** @param {Run} run */
  set run(run) {
    if (run.runId !== this.#run?.runId) return;
    this.#run = run;
    this.#show();
  }

  /** @returns {Task | undefined} */
  get #task() {
    return this.#run?.tasks[this.#index];
  }

  #show() {
    const run = this.#run;
    const task = this.#task;
    if (run === null || task === undefined) return;
    this.#tick(task.status === 'running' && run.state === 'running');
    const shape = `${run.runId}/${this.#index}/${run.state}/${task.status}/${task.missing}/${task.log.length + task.leftOut}/${run.tasks.length}/${this.#tab}`;
    if (shape === this.#shape) return;
    this.#shape = shape;
    this.#showHead(run, task);
    for (const tab of this.#tabs.querySelectorAll('[role=tab]')) {
      const chosen = /** @type {HTMLElement} */ (tab).dataset.tab === this.#tab;
      tab.setAttribute('aria-selected', String(chosen));
    }
    reachable(this.#tabs, '[role=tab]', /** @type {HTMLElement | null} */ (this.#tabs.querySelector('[aria-selected=true]')));
    this.#showBody(run, task);
  }

  /** @param {Run} run @param {Task} task */
  #showHead(run, task) {
    const step = (/** @type {number} */ by, /** @type {string} */ shape, /** @type {string} */ label) => {
      const next = this.#index + by;
      const button = h('button', { type: 'button', class: 'icon-button', 'aria-label': label, title: label, 'data-key': label, onclick: () => send(this, 'open-task', { index: next, item: null }) }, icon(shape));
      /** @type {HTMLButtonElement} */ (button).disabled = run.tasks[next] === undefined;
      return button;
    };
    const neighbours = [-1, 1].map((by) => run.tasks[this.#index + by] !== undefined);
    // A button that is made anew ten times a second cannot be clicked.
    refill(this.#head, [run.runId, task.index, task.tool, task.server, task.missing, neighbours], () => [
      h('span', { class: 'citation open' }, task.index + 1),
      h('h2', { class: 'evidence-tool cut' }, task.tool),
      !task.missing && h('span', { class: 'badge' }, task.server ?? 'unknown tool'),
      h('span', { class: 'grow' }),
      step(-1, 'chevron-up', 'Previous task'),
      step(1, 'chevron-down', 'Next task'),
      h('button', { type: 'button', class: 'icon-button', 'aria-label': 'Close the evidence', 'data-key': 'close', onclick: () => send(this, 'close-evidence') }, icon('x')),
    ]);
    fill(this.#intro, task.description && h('p', { class: 'evidence-description' }, task.description), stateLine(this, run, task));
  }

  /** The time of a task that runs goes on. @param {boolean} runs */
  #tick(runs) {
    if (!runs) {
      this.#stopFrames?.();
      this.#stopFrames = null;
    } else if (this.#stopFrames === null) {
      this.#stopFrames = eachFrame(() => {
        const words = this.#intro.querySelector('[data-part=words]');
        if (words !== null && this.#run !== null && this.#task !== undefined) setText(words, stateWords(this.#run, this.#task));
      });
    }
  }

  /** Words that are searched for go before anything else does. @param {KeyboardEvent} event */
  #clear(event) {
    if (event.key !== 'Escape' || this.#search.value === '') return;
    event.preventDefault();
    this.#search.value = '';
    this.#filter();
  }

  /** @param {Run} run @param {Task} task */
  #showBody(run, task) {
    this.#tools.hidden = this.#tab !== 'result' || !isEnded(task.status) || task.status === 'skipped';
    if (this.#tab === 'log') this.#showLog(run, task);
    else if (this.#tab === 'arguments') this.#showArguments(run, task);
    else this.#showResult(run, task);
  }

  /** The newest line is followed while it is in sight. @param {Run} run @param {Task} task */
  #showLog(run, task) {
    const own = `${run.runId}/${task.index}/log`;
    const stands = this.#standing === own;
    const { scrollHeight, scrollTop, clientHeight } = this.#body;
    const follows = stands ? scrollHeight - scrollTop - clientHeight < LINE_PX : !isEnded(task.status);
    this.#log.show(task);
    if (!stands) this.#fill(this.#log.element);
    this.#standing = own;
    this.#setFoot(plural(task.log.length, 'line'), [['copy', 'Copy log', () => (this.#task ?? task).log.map((line) => `${exact(line.atMs)}\t${line.level}\t${line.text}`).join('\n')]], canStop(task) && run.state === 'running');
    if (follows) this.#body.scrollTop = this.#body.scrollHeight;
    else if (!stands) this.#body.scrollTop = 0;
  }

  /** They change once, when what they stand for is known. @param {Run} run @param {Task} task */
  #showArguments(run, task) {
    const own = `${run.runId}/${task.index}/arguments`;
    if (this.#standing !== own || this.#shownArguments !== task.arguments) {
      this.#tree.show(task.arguments, '');
      this.#fill(this.#tree.element);
      this.#standing = own;
      this.#shownArguments = task.arguments;
    }
    this.#setFoot(plural(Object.keys(task.arguments ?? {}).length, 'argument'), [['copy', 'Copy arguments', () => JSON.stringify((this.#task ?? task).arguments, null, 2)]]);
  }

  /** @param {Run} run @param {Task} task */
  async #showResult(run, task) {
    if (!isEnded(task.status)) {
      this.#fill(h('p', { class: 'evidence-empty' }, 'The result appears here when the task has ended.'));
      this.#setFoot('', [], canStop(task) && run.state === 'running');
      this.#shownFor = '';
      return;
    }
    const key = `${run.runId}/${task.index}/${this.#item}`;
    if (key === this.#shownFor && this.#result !== null) {
      // What a person sorted, unfolded and scrolled to stays as it is.
      if (this.#standing !== `${key}/${this.#view}`) this.#put(task);
      return;
    }
    this.#shownFor = key;
    this.#result = null;
    this.#fill();
    this.#setFoot('', []);
    // Another task, or another tab, may be on show when the result comes.
    const isOn = () => key === this.#shownFor && this.#tab === 'result';
    const slow = setTimeout(() => isOn() && this.#fill(greyRows()), 150);
    try {
      const result = await wholeResult(run.runId, task.index);
      if (key !== this.#shownFor) return;
      clearTimeout(slow);
      this.#result = result;
      if (result === null && isOn()) {
        this.#fill(noResult(task));
        this.#tools.hidden = true;
      } else if (result !== null) {
        this.#view = this.#best();
        this.#put(task);
      }
    } catch (error) {
      clearTimeout(slow);
      if (isOn()) this.#fill(h('p', { class: 'evidence-empty' }, `The result cannot be read: ${said(error)}`));
    }
  }

  /** @param {...import('../lib/dom.js').Child | import('../lib/dom.js').Child[]} children */
  #fill(...children) {
    this.#standing = '';
    fill(this.#body, ...children);
  }

  #best() {
    const result = this.#result;
    if (result?.items && result.items.length > 0) return 'table';
    return result?.text === null ? 'tree' : 'text';
  }

  /** @param {Task} task */
  #put(task) {
    const result = this.#result;
    if (result === null || this.#tab !== 'result') return;
    for (const button of this.#views.querySelectorAll('button')) {
      const view = button.dataset.view;
      button.setAttribute('aria-checked', String(view === this.#view));
      button.hidden = view === 'table' && (result.items?.length ?? 0) === 0;
    }
    reachable(this.#views, 'button', /** @type {HTMLElement | null} */ (this.#views.querySelector('[aria-checked=true]')));
    const cited = this.#item === null || this.#item > (result.items?.length ?? 0) ? -1 : this.#item - 1;
    const error = task.error !== null && h('p', { class: 'evidence-error' }, sentence(task.error.message));
    const shown = { table: this.#table, tree: this.#tree, text: this.#text }[this.#view];
    this.#fill(error, shown.element);
    this.#standing = `${this.#shownFor}/${this.#view}`;
    if (this.#view === 'table') this.#table.show(result, { cited, number: task.index + 1, wide: this.clientWidth > 560 });
    else if (this.#view === 'tree') this.#tree.show(result.data, cited < 0 ? '' : `${result.path}/${cited}`);
    else this.#text.show(result.text ?? JSON.stringify(result.data, null, 2));
    this.#filter();
  }

  #filter() {
    const result = this.#result;
    if (result === null || this.#tab !== 'result') return;
    const words = this.#search.value;
    const shown = this.#view === 'table' ? this.#table.search(words) : this.#view === 'tree' ? this.#tree.search(words) : this.#text.search(words);
    const size = bytes(this.#task?.resultBytes ?? result.json.length);
    const of = this.#view === 'table' ? `${shown} of ${plural(result.items?.length ?? 0, 'item')} · ${size}` : words === '' ? size : `${plural(shown, 'line')} · ${size}`;
    this.#setFoot(of, [
      ['copy', 'Copy value', () => valueText(this.#view === 'table' ? this.#table.value : this.#view === 'tree' ? this.#tree.value : result.text ?? result.data)],
      ['braces', 'Copy path', () => (this.#view === 'table' ? this.#table.path : this.#view === 'tree' ? this.#tree.path : '')],
    ]);
  }

  /** @param {'table' | 'tree' | 'text'} view */
  #switch(view) {
    this.#view = view;
    const task = this.#task;
    if (task !== undefined) this.#put(task);
  }

  /** @param {string} tab */
  #choose(tab) {
    this.#tab = tab;
    this.#show();
  }

  /** @param {string} words @param {[string, string, () => string][]} copies @param {boolean} [stops] */
  #setFoot(words, copies, stops = false) {
    setText(this.#count, words);
    const shape = [this.#run?.runId, this.#index, this.#tab, copies.map(([, label]) => label), stops];
    refill(this.#foot, shape, () => [
      this.#count,
      copies.map(([shape, label, text]) => {
        const name = h('span', null, label);
        const copy = async () => {
          setText(name, (await copyText(text())) ? 'Copied' : 'Not copied');
          setTimeout(() => setText(name, label), 1500);
        };
        return h('button', { type: 'button', class: 'button small plain', 'data-key': label, onclick: copy }, icon(shape, { size: 14 }), name);
      }),
      stops && h('button', { type: 'button', class: 'button small plain danger', 'data-key': 'stop', onclick: () => send(this, 'stop-open-task', { index: this.#index }) }, icon('x', { size: 14 }), 'Cancel task'),
    ]);
  }
}

/** @param {any} value */
function valueText(value) {
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2);
}

/** @param {Task} task */
function noResult(task) {
  const words = task.error === null ? 'This task has no result.' : sentence(task.error.message);
  return h('p', { class: task.status === 'failed' && task.error?.code !== 'denied' ? 'evidence-error' : 'evidence-empty' }, words);
}

function greyRows() {
  return Array.from({ length: 8 }, (_, k) => h('div', { class: `grey-bar row-bar w${[70, 46, 65][k % 3]}` }));
}

customElements.define('evidence-panel', EvidencePanel);
export { EvidencePanel };
