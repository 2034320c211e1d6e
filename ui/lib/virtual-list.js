// @ts-check
// A list of any length of which only the rows in view exist. Rows have one height, except one that
// may be taller: the open one, which is measured. One row is there wherever is scrolled to: the
// current one, which Tab reaches.

import { h } from './dom.js';
import { oncePerFrame } from './frames.js';
import { insertInOrder } from './in-order.js';

const AHEAD = 8;

export class VirtualList {
  element = h('div', { class: 'virtual' });
  #rows = h('div', { class: 'virtual-rows' });
  /** @type {Map<number, HTMLElement>} */
  #made = new Map();
  #count = 0;
  #rowHeight;
  #make;
  #open = -1;
  #openHeight = 0;
  /** -1 where its rows are only read. */
  #current = -1;
  #drawSoon = oncePerFrame(() => this.draw());
  #observer = new ResizeObserver(() => this.#drawSoon());

  /**
   * @param {number} rowHeight
   * @param {(place: number) => HTMLElement} make
   */
  constructor(rowHeight, make) {
    this.#rowHeight = rowHeight;
    this.#make = make;
    this.element.append(this.#rows);
    this.element.addEventListener('scroll', this.#drawSoon, { passive: true });
    this.#rows.addEventListener('focusin', (event) => this.#focused(event));
    this.#observer.observe(this.element);
  }

  /**
   * @param {number} count
   * @param {{ open?: number, current?: number }} [places] of the tall row, and of the one that Tab
   *   reaches; -1 for none
   */
  reset(count, { open = -1, current = -1 } = {}) {
    this.#count = count;
    this.#open = open;
    this.#openHeight = this.#rowHeight;
    this.#current = Math.min(current, count - 1);
    for (const row of this.#made.values()) row.remove();
    this.#made.clear();
    this.draw();
  }

  /** @param {number} place */
  reveal(place) {
    const top = this.#top(place);
    const height = place === this.#open ? this.#openHeight : this.#rowHeight;
    const { scrollTop, clientHeight } = this.element;
    if (top < scrollTop) this.element.scrollTop = top;
    else if (top + height > scrollTop + clientHeight) {
      this.element.scrollTop = Math.min(top, top + height - clientHeight);
    }
    this.draw();
  }

  /** Gives a row the keyboard, wherever it is. @param {number} place */
  focus(place) {
    this.reveal(place);
    this.#made.get(place)?.focus({ preventScroll: true });
  }

  draw() {
    const extra = this.#open >= 0 && this.#open < this.#count ? this.#openHeight - this.#rowHeight : 0;
    this.#rows.style.setProperty('height', `${this.#count * this.#rowHeight + extra}px`);
    const view = this.element.clientHeight || 800;
    const from = Math.max(0, Math.floor((this.element.scrollTop - Math.max(0, extra)) / this.#rowHeight) - AHEAD);
    const to = Math.min(this.#count, Math.ceil((this.element.scrollTop + view) / this.#rowHeight) + AHEAD);
    for (const [place, row] of this.#made) {
      if ((place >= from && place < to) || place === this.#current) continue;
      if (row.contains(document.activeElement)) continue;
      row.remove();
      this.#made.delete(place);
    }
    for (let place = from; place < to; place += 1) this.#put(place);
    if (this.#current >= 0) this.#put(this.#current);
    const open = this.#made.get(this.#open);
    if (open !== undefined && open.offsetHeight > 0 && open.offsetHeight !== this.#openHeight) {
      this.#openHeight = open.offsetHeight;
      this.#drawSoon();
    }
    for (const [place, row] of this.#made) row.style.setProperty('top', `${this.#top(place)}px`);
  }

  /** @param {number} place */
  #put(place) {
    if (this.#made.has(place)) return;
    const row = this.#make(place);
    row.classList.add('virtual-row');
    if (this.#current >= 0) row.tabIndex = place === this.#current ? 0 : -1;
    insertInOrder(this.#rows, row, place, this.#made, (other) => other);
    this.#made.set(place, row);
  }

  /** Whoever comes back with Tab comes back to where they were. @param {FocusEvent} event */
  #focused({ target }) {
    if (this.#current < 0) return;
    const found = [...this.#made].find(([, row]) => target instanceof Node && row.contains(target));
    if (found === undefined || found[0] === this.#current) return;
    const before = this.#made.get(this.#current);
    if (before !== undefined) before.tabIndex = -1;
    this.#current = found[0];
    found[1].tabIndex = 0;
  }

  /** @param {number} place */
  #top(place) {
    const above = this.#open >= 0 && place > this.#open ? this.#openHeight - this.#rowHeight : 0;
    return place * this.#rowHeight + above;
  }
}
