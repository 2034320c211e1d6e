// @ts-check
// <run-answer>: the answer as Markdown. While it streams, it is rendered at most every 100 ms, and
// finished blocks once. Sends `open-task` for a citation and `ask-link` for a link.

import { renderMarkdown, said } from '../../api.js';
import { h, send } from '../../lib/dom.js';
import { putSanitised } from '../../lib/sanitised.js';
import { dressTable } from './answer-table.js';
import { noBlocks, rendered, toRender } from './answer-blocks.js';

/** @typedef {import('../live/types.js').Run} Run */

const EVERY_MS = 100;

class RunAnswer extends HTMLElement {
  #blocks = noBlocks();
  #text = '';
  #tasks = 0;
  #whole = false;
  #busy = false;
  #dirty = false;
  #last = 0;
  #body = h('div', { class: 'answer' });
  #runId = '';
  /** Changes whenever everything starts over. */
  #own = {};
  /** @type {{ task: number, item: number | null } | null} */
  #cited = null;

  connectedCallback() {
    if (this.childElementCount > 0) return;
    // An earlier turn's answer is not the answer.
    if (!this.hasAttribute('earlier')) this.#body.dataset.testid = 'answer';
    this.append(this.#body);
    this.#body.addEventListener('click', (event) => this.#clicked(event));
  }

  /** @param {Run} run */
  set run(run) {
    if (run.runId !== this.#runId) {
      this.#runId = run.runId;
      this.#text = '';
      this.#startOver();
    }
    const whole = run.state !== 'running';
    if (run.answer === this.#text && whole === this.#whole) return;
    this.#text = run.answer;
    this.#tasks = run.tasks.length;
    this.#whole = whole;
    this.#body.setAttribute('aria-busy', String(!whole));
    this.#dirty = true;
    this.#soon();
  }

  /** Marks the citation whose evidence is open. @param {{ task: number, item: number | null } | null} cited */
  set cited(cited) {
    this.#cited = cited;
    for (const link of this.#body.querySelectorAll('.citation')) {
      const { task, item } = citationOf(link);
      const open = cited !== null && task === cited.task && (item === null || cited.item === null || item === cited.item);
      link.classList.toggle('open', open);
    }
  }

  #soon() {
    if (this.#busy || !this.#dirty) return;
    this.#busy = true;
    const wait = this.#whole ? 0 : Math.max(0, this.#last + EVERY_MS - performance.now());
    setTimeout(() => this.#render(), wait);
  }

  async #render() {
    this.#dirty = false;
    this.#last = performance.now();
    const own = this.#own;
    const whole = this.#whole;
    const { blocks, rest } = toRender(this.#blocks, this.#text, whole);
    try {
      const html = rest === '' ? [] : await renderMarkdown(rest, this.#tasks);
      if (own === this.#own) {
        this.#blocks = rendered(blocks, html, whole);
        this.#put();
      }
    } catch (error) {
      if (own === this.#own) this.#startOver(h('p', null, `The answer cannot be shown: ${said(error)}`));
    }
    this.#busy = false;
    this.#soon();
  }

  /** @param {...Node} instead */
  #startOver(...instead) {
    this.#own = {};
    this.#blocks = noBlocks();
    this.#body.replaceChildren(...instead);
  }

  /** Finished blocks are put in once; what follows those that stood there before is replaced. */
  #put() {
    const { kept, finished, tail } = this.#blocks;
    while (this.#body.childElementCount > kept) this.#body.lastElementChild?.remove();
    for (const html of [...finished.slice(kept), ...tail]) {
      const block = h('div', { class: 'block' });
      putSanitised(block, html);
      dress(block);
      this.#body.append(block);
    }
    this.cited = this.#cited;
  }

  /** @param {Event} event */
  #clicked(event) {
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    if (link === null) return;
    event.preventDefault();
    if (link.classList.contains('citation')) {
      const { task, item } = citationOf(link);
      send(this, 'open-task', { index: task, item });
    } else {
      send(this, 'ask-link', { url: link.getAttribute('href') ?? '', anchor: link });
    }
  }
}

/** @param {Element} link @returns {{ task: number, item: number | null }} task from 0, item from 1 */
export function citationOf(link) {
  const { task, item } = /** @type {HTMLElement} */ (link).dataset;
  return { task: Number(task) - 1, item: item === undefined || item === '' ? null : Number(item) };
}

/** What the style cannot reach: what a table's columns hold, and words for citations. @param {Element} block */
function dress(block) {
  for (const link of block.querySelectorAll('.citation')) {
    const { task, item } = citationOf(link);
    link.setAttribute('aria-label', item === null ? `Source: task ${task + 1}` : `Source: task ${task + 1}, item ${item}`);
  }
  for (const table of block.querySelectorAll('table')) dressTable(table);
}

customElements.define('run-answer', RunAnswer);
export { RunAnswer };
