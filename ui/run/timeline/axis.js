// @ts-check
// The timeline's head and its lines through all rows: ticks, the line where the plan ended, and now.

import { h, setText } from '../../lib/dom.js';
import { running } from '../../lib/format.js';
import { labelEvery, tickLabel, ticks, tickStep } from './scale.js';

export class TimeAxis {
  /** Labels above the lane. */
  labels = h('div', { class: 'axis-labels numeric', 'aria-hidden': 'true' });
  /** Lines behind the rows. */
  lines = h('div', { class: 'axis-lines', 'aria-hidden': 'true' });
  #planEnd = h('span', { class: 'axis-plan', hidden: true });
  #now = h('span', { class: 'axis-now', hidden: true });
  #pill = h('span', { class: 'axis-pill', hidden: true });
  /** @type {HTMLElement[]} */
  #tickLabels = [];
  /** @type {HTMLElement[]} */
  #tickLines = [];

  constructor() {
    this.lines.append(this.#planEnd, this.#now);
    this.labels.append(this.#pill);
  }

  /**
   * @param {{ lengthMs: number, pxPerMs: number, lane: number, nowMs: number, live: boolean, planEndMs: number | null }} axis
   */
  draw({ lengthMs, pxPerMs, lane, nowMs, live, planEndMs }) {
    const step = tickStep(lengthMs);
    const places = ticks(lengthMs);
    const pill = Math.min(nowMs * pxPerMs, lane - 18);
    this.#count(places.length);
    const words = places.map((ms) => tickLabel(ms, step));
    const every = labelEvery(words, step * pxPerMs);
    places.forEach((ms, k) => {
      const x = Math.round(ms * pxPerMs);
      const label = this.#tickLabels[k];
      setText(label, words[k]);
      label.style.setProperty('transform', k === 0 ? 'none' : `translateX(calc(${x}px - 50%))`);
      const hidden = k % every !== 0 || (live && Math.abs(x - pill) < 36) || x > lane - 8;
      label.classList.toggle('covered', hidden);
      this.#tickLines[k].hidden = k === 0;
      move(this.#tickLines[k], x);
    });
    this.#now.hidden = !live;
    this.#pill.hidden = !live;
    if (live) {
      move(this.#now, Math.round(nowMs * pxPerMs));
      this.#pill.style.setProperty('transform', `translateX(calc(${Math.round(pill)}px - 50%))`);
      setText(this.#pill, running(nowMs));
    }
    this.#planEnd.hidden = planEndMs === null;
    if (planEndMs !== null) move(this.#planEnd, Math.round(planEndMs * pxPerMs));
  }

  /** @param {number} wanted */
  #count(wanted) {
    while (this.#tickLabels.length < wanted) {
      const label = h('span', { class: 'axis-tick' });
      const line = h('span', { class: 'axis-line' });
      this.#tickLabels.push(label);
      this.#tickLines.push(line);
      this.labels.prepend(label);
      this.lines.prepend(line);
    }
    while (this.#tickLabels.length > wanted) {
      this.#tickLabels.pop()?.remove();
      this.#tickLines.pop()?.remove();
    }
  }
}

/** @param {HTMLElement} element @param {number} x */
function move(element, x) {
  element.style.setProperty('transform', `translateX(${x}px)`);
}
