// @ts-check
// The Plan row above the tasks: how long the plan was written, with a diamond for each task at the
// moment it was sent.

import { h, setText } from '../../lib/dom.js';
import { icon } from '../../lib/icons.js';
import { duration, plural, running } from '../../lib/format.js';
import { firstPlanned } from '../run-facts.js';

/** @typedef {import('../live/types.js').Run} Run */

export class PlanRow {
  #icon = h('span', { class: 'row-icon' });
  #bar = h('span', { class: 'plan-bar' });
  #note = h('span', { class: 'plan-note' });
  #lane = h('span', { class: 'row-lane', role: 'gridcell' });
  #time = h('span', { class: 'row-time numeric', role: 'gridcell' });
  /** @type {HTMLElement[]} */
  #diamonds = [];
  #shape = '';

  constructor() {
    this.#lane.append(this.#bar, this.#note);
    this.element = h(
      'div',
      { class: 'plan-row', role: 'row', 'aria-rowindex': 1 },
      h('span', { class: 'row-number', role: 'presentation' }),
      this.#icon,
      h('span', { class: 'row-label', role: 'gridcell' }, 'Plan'),
      this.#lane,
      this.#time,
    );
  }

  /** @param {Run} run @param {{ nowMs: number, pxPerMs: number, lane: number }} axis */
  draw(run, { nowMs, pxPerMs, lane }) {
    const start = run.planStartMs;
    this.element.hidden = start === null;
    if (start === null) return;
    const live = run.plan === null && run.state === 'running';
    const end = run.plan?.atMs ?? nowMs;
    this.#shapeOf(live ? 'ring' : run.plan === null ? 'circle-slash' : 'circle-check', live ? 'tone-live' : run.plan === null ? 'tone-quiet' : 'tone-ok');
    const from = Math.round(start * pxPerMs);
    const width = Math.max(3, Math.round(end * pxPerMs) - from);
    this.#bar.style.setProperty('transform', `translateX(${from}px)`);
    this.#bar.style.setProperty('width', `${width}px`);
    this.#bar.classList.toggle('live', live);
    this.#putDiamonds(run, pxPerMs);
    const first = firstPlanned(run);
    const early = first !== null && end - first > 100;
    setText(this.#note, live ? plural(run.tasks.length, 'task') : run.plan === null ? '' : early ? 'Tasks sent as written' : plural(run.tasks.length, 'task'));
    const place = from + width + 8;
    this.#note.hidden = place + 130 > lane;
    this.#note.style.setProperty('transform', `translateX(${place}px)`);
    setText(this.#time, live ? running(nowMs - start) : duration(run.plan?.elapsedMs ?? end - start));
  }

  /** One diamond a pixel at most, however many tasks. @param {Run} run @param {number} pxPerMs */
  #putDiamonds(run, pxPerMs) {
    const places = new Set(run.tasks.filter((task) => !task.missing).map((task) => Math.round(task.plannedMs * pxPerMs)));
    let k = 0;
    for (const x of places) {
      if (this.#diamonds[k] === undefined) {
        this.#diamonds[k] = h('span', { class: 'plan-diamond' });
        this.#lane.append(this.#diamonds[k]);
      }
      this.#diamonds[k].style.setProperty('transform', `translateX(${x}px) rotate(45deg)`);
      k += 1;
    }
    while (this.#diamonds.length > k) this.#diamonds.pop()?.remove();
  }

  /** @param {string} shape @param {string} tone */
  #shapeOf(shape, tone) {
    if (shape === this.#shape) return;
    this.#shape = shape;
    this.#icon.replaceChildren(icon(shape, { class: tone }));
  }
}
