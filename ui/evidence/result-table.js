// @ts-check
// The items of a result as a table: a row an item, the open one whole. A class rather than an
// element, since the evidence panel owns its life.

import { h, fill } from '../lib/dom.js';
import { icon } from '../lib/icons.js';
import { quantity } from '../lib/format.js';
import { VirtualList } from '../lib/virtual-list.js';
import { columns, itemText, itemTitle } from './result.js';
import { marked } from '../history/history-row.js';

/** @typedef {import('./items.js').Result} Result */

export class ResultTable {
  element = h('div', { class: 'result-table', role: 'treegrid', 'aria-label': 'Items' });
  #head = h('div', { class: 'result-head', role: 'row' });
  #list = new VirtualList(30, (place) => this.#row(place));
  /** @type {any[]} */
  #items = [];
  /** @type {import('./result.js').Column[]} */
  #columns = [];
  /** @type {number[]} places in the result, in the order shown */
  #order = [];
  #words = '';
  #path = '';
  #open = -1;
  #cited = -1;
  /** The cited item until it is folded once. */
  #first = -1;
  #number = 0;
  /** @type {{ key: string, down: boolean } | null} */
  #sort = null;

  constructor() {
    this.element.append(this.#head, this.#list.element);
    this.#list.element.setAttribute('role', 'rowgroup');
    this.#list.element.addEventListener('click', (event) => this.#clicked(event));
    this.#list.element.addEventListener('keydown', (event) => this.#key(event));
  }

  /** @param {Result} result @param {{ cited: number, number: number, wide: boolean }} view cited from 0 or -1 */
  show(result, { cited, number, wide }) {
    this.#items = result.items ?? [];
    this.#path = result.path;
    this.#columns = columns(this.#items, wide ? 5 : 3);
    this.#cited = cited;
    this.#open = cited;
    this.#first = cited;
    this.#number = number;
    this.#sort = null;
    this.#filter('');
    if (cited >= 0) this.#list.reveal(this.#order.indexOf(cited));
  }

  /** Shows items that contain the words. @param {string} words @returns {number} how many */
  #filter(words) {
    this.#words = words.trim().toLowerCase();
    const wanted = this.#words;
    this.#order = [];
    this.#items.forEach((item, place) => {
      if (wanted === '' || JSON.stringify(item).toLowerCase().includes(wanted)) this.#order.push(place);
    });
    this.#sorted();
    return this.#order.length;
  }

  /** @param {string} words */
  search(words) {
    return this.#filter(words);
  }

  get path() {
    return this.#open < 0 ? this.#path : `${this.#path}/${this.#open}`;
  }

  get value() {
    return this.#open < 0 ? this.#items : this.#items[this.#open];
  }

  #sorted() {
    const sort = this.#sort;
    if (sort !== null) {
      const value = (/** @type {number} */ place) => this.#items[place]?.[sort.key];
      const compare = (/** @type {number} */ a, /** @type {number} */ b) => {
        const [x, y] = [value(a), value(b)];
        if (typeof x === 'number' && typeof y === 'number') return x - y;
        return String(x ?? '').localeCompare(String(y ?? ''));
      };
      this.#order.sort((a, b) => (sort.down ? compare(b, a) : compare(a, b)) || a - b);
    } else {
      this.#order.sort((a, b) => a - b);
    }
    this.#showHead();
    this.#reset();
  }

  #reset() {
    // The open item may be one that the words are not in.
    const open = this.#open < 0 ? -1 : this.#order.indexOf(this.#open);
    this.#list.reset(this.#order.length, { open, current: Math.max(0, open) });
  }

  #showHead() {
    this.element.style.setProperty('--columns', this.#columns.map((column, k) => (k === 0 ? 'minmax(0, 1fr)' : column.numeric ? '48px' : '86px')).join(' ') || '1fr');
    fill(
      this.#head,
      h('span', { role: 'columnheader' }, h('span', { class: 'visually-hidden' }, 'Number')),
      this.#columns.map(({ key, numeric }) => {
        const sorted = this.#sort?.key === key ? this.#sort : null;
        const sort = h('button', { type: 'button', class: numeric ? 'result-column number' : 'result-column', onclick: () => this.#sortBy(key, numeric) }, sorted !== null && icon(sorted.down ? 'arrow-down' : 'arrow-up', { size: 12 }), key);
        return h('span', { role: 'columnheader', 'aria-sort': sorted === null ? 'none' : sorted.down ? 'descending' : 'ascending' }, sort);
      }),
    );
  }

  /** A third click goes back to the order in which the items came. @param {string} key @param {boolean} numeric */
  #sortBy(key, numeric) {
    const first = { key, down: numeric };
    if (this.#sort?.key !== key) this.#sort = first;
    else this.#sort = this.#sort.down === first.down ? { key, down: !first.down } : null;
    this.#sorted();
  }

  /** @param {number} place */
  #row(place) {
    const index = this.#order[place];
    const item = this.#items[index];
    const open = index === this.#open;
    const cells = this.#columns.length === 0 ? [h('span', { class: 'result-cell', role: 'gridcell' }, marked(itemTitle(item), this.#words))] : this.#columns.map((column) => this.#cell(item, column));
    return h(
      'div',
      { class: `result-row${open ? ' open' : ''}${index === this.#cited ? ' cited' : ''}`, role: 'row', 'data-place': index, 'aria-expanded': String(open) },
      h('span', { class: 'result-number numeric', role: 'gridcell' }, index + 1),
      cells,
      open && this.#whole(item, index),
    );
  }

  /** @param {any} item @param {import('./result.js').Column} column */
  #cell(item, { key, numeric }) {
    const value = item?.[key];
    const text = value === null || value === undefined ? '' : typeof value === 'number' && numeric ? quantity(value) : typeof value === 'object' ? JSON.stringify(value) : String(value);
    return h('span', { class: numeric ? 'result-cell number numeric' : 'result-cell', role: 'gridcell' }, marked(text, this.#words));
  }

  /** @param {any} item @param {number} index */
  #whole(item, index) {
    const title = itemTitle(item);
    const text = itemText(item, title);
    const shown = new Set(this.#columns.map((column) => column.key));
    // The cited item is shown for its text; its other fields come when it is opened by hand.
    const others = index !== this.#first && item !== null && typeof item === 'object' ? Object.entries(item).filter(([key, value]) => !shown.has(key) && value !== text) : [];
    return h(
      'div',
      { class: 'result-whole' },
      text && h('p', { class: 'result-text' }, marked(text, this.#words)),
      others.length > 0 && h('dl', { class: 'result-fields' }, others.flatMap(([key, value]) => [h('dt', null, key), h('dd', null, marked(typeof value === 'string' ? value : JSON.stringify(value), this.#words))])),
      h(
        'p',
        { class: 'result-path' },
        index === this.#cited && [h('span', { class: 'citation open' }, this.#number), h('span', null, 'cited here')],
        h('span', { class: 'grow' }),
        h('span', { class: 'mono' }, `${this.#path}/${index}`),
      ),
    );
  }

  /** @param {Event} event */
  #clicked(event) {
    const row = event.target instanceof Element ? event.target.closest('.result-row') : null;
    if (!(row instanceof HTMLElement) || window.getSelection()?.toString()) return;
    this.#choose(Number(row.dataset.place));
  }

  /** @param {number} index */
  #choose(index) {
    this.#first = -1;
    this.#open = this.#open === index ? -1 : index;
    const top = this.#list.element.scrollTop;
    this.#reset();
    this.#list.element.scrollTop = top;
    this.#list.draw();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const row = event.target instanceof Element ? event.target.closest('.result-row') : null;
    if (!(row instanceof HTMLElement)) return;
    const place = this.#order.indexOf(Number(row.dataset.place));
    const step = /** @type {Record<string, number>} */ ({ ArrowUp: -1, ArrowDown: 1, PageUp: -12, PageDown: 12, Home: -Infinity, End: Infinity })[event.key];
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      this.#choose(Number(row.dataset.place));
      this.#list.focus(place);
    } else if (step !== undefined) {
      event.preventDefault();
      const next = Math.max(0, Math.min(this.#order.length - 1, place + step));
      this.#list.focus(next);
    }
  }
}
