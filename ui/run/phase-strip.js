// @ts-check
// <phase-strip>: four cells, one a step, with its state, time and count. Redrawn each frame while
// the run lives; it only touches text that changed.

import { h, setText } from '../lib/dom.js';
import { eachFrame } from '../lib/frames.js';
import { icon } from '../lib/icons.js';
import { runNow } from './live/run-clock.js';
import { steps } from './run-facts.js';

/** @typedef {import('./live/types.js').Run} Run */

/** @type {Record<string, [string, string]>} */
const icons = {
  waiting: ['circle', 'tone-quiet'],
  live: ['ring', 'tone-live'],
  done: ['circle-check', 'tone-ok'],
  failed: ['circle-x', 'tone-bad'],
  paused: ['circle-pause', 'tone-warn'],
  stopped: ['circle-slash', 'tone-quiet'],
};

class PhaseStrip extends HTMLElement {
  /** @type {Run | null} */
  #run = null;
  #cells = ['discover', 'plan', 'execute', 'synthesize'].map((step) => new Cell(step));
  /** @type {(() => void) | null} */
  #stop = null;

  connectedCallback() {
    if (this.childElementCount === 0) {
      this.setAttribute('role', 'list');
      this.setAttribute('aria-label', 'Steps');
      this.append(...this.#cells.map((cell) => cell.element));
    }
    this.#follow();
  }

  disconnectedCallback() {
    this.#stop?.();
    this.#stop = null;
  }

  /** @param {Run | null} run */
  set run(run) {
    this.#run = run;
    this.#follow();
    this.#draw();
  }

  #follow() {
    const lives = this.isConnected && this.#run?.state === 'running';
    if (lives && this.#stop === null) this.#stop = eachFrame(() => this.#draw());
    if (!lives) {
      this.#stop?.();
      this.#stop = null;
    }
  }

  #draw() {
    const run = this.#run;
    if (run === null) return;
    steps(run, runNow(run)).forEach((step, k) => this.#cells[k].show(step));
  }
}

class Cell {
  #icon = h('span', { class: 'phase-icon' });
  #name = h('span', { class: 'phase-name' });
  #time = h('span', { class: 'phase-time numeric' });
  #note = h('span', { class: 'phase-note numeric' });
  #line = h('span', { class: 'phase-line', 'aria-hidden': 'true' });
  #state = '';

  /** @param {string} step */
  constructor(step) {
    this.element = h(
      'div',
      { class: 'phase', role: 'listitem', 'data-testid': 'step', 'data-step': step },
      this.#icon,
      this.#name,
      this.#time,
      this.#note,
      this.#line,
    );
  }

  /** @param {import('./run-facts.js').Step} step */
  show(step) {
    if (step.state !== this.#state) {
      this.#state = step.state;
      this.element.dataset.state = step.state;
      const [shape, tone] = icons[step.state];
      this.#icon.replaceChildren(icon(shape, { class: tone }));
    }
    setText(this.#name, step.name);
    setText(this.#time, step.time);
    setText(this.#note, step.note);
    this.#line.hidden = step.share === null;
    if (step.share !== null) this.#line.style.setProperty('transform', `scaleX(${step.share})`);
  }
}

customElements.define('phase-strip', PhaseStrip);
export { PhaseStrip };
