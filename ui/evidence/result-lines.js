// @ts-check
// A result as lines: a tree whose branches fold, or plain text. Both are virtual lists, so that a
// result of any size shows whole.

import { h } from '../lib/dom.js';
import { icon } from '../lib/icons.js';
import { plural } from '../lib/format.js';
import { textWidth } from '../lib/measure.js';
import { VirtualList } from '../lib/virtual-list.js';
import { pointerPart } from './items.js';
import { wrapped } from './result.js';
import { marked } from '../history/history-row.js';

/** @typedef {{ depth: number, key: string, path: string, value: any, branch: boolean }} Line */

export class ResultTree {
  #list = new VirtualList(22, (place) => this.#row(place));
  element = this.#list.element;
  /** @type {Line[]} */
  #lines = [];
  #open = new Set(['']);
  #data = /** @type {any} */ (null);
  #words = '';
  #chosen = '';

  constructor() {
    this.element.classList.add('result-tree');
    this.element.setAttribute('role', 'tree');
    this.element.setAttribute('aria-label', 'Result');
    this.element.addEventListener('click', (event) => this.#act(event));
    this.element.addEventListener('keydown', (event) => this.#key(event));
  }

  /** @param {any} data @param {string} path opened and chosen */
  show(data, path) {
    this.#data = data;
    this.#chosen = path;
    this.#words = '';
    this.#open = new Set(['']);
    const parts = path.split('/').slice(1);
    for (let k = 1; k <= parts.length; k += 1) this.#open.add(`/${parts.slice(0, k).join('/')}`);
    if (path === '' && data !== null && typeof data === 'object') {
      for (const key of Object.keys(data)) this.#open.add(`/${pointerPart(key)}`);
    }
    this.#reset();
    const place = this.#lines.findIndex((line) => line.path === path);
    if (path !== '' && place >= 0) this.#list.reveal(place);
  }

  /** Shows every line that contains the words, with what leads to it. @param {string} words */
  search(words) {
    this.#words = words.trim().toLowerCase();
    this.#reset();
    return this.#lines.length;
  }

  get path() {
    return this.#chosen;
  }

  get value() {
    const line = this.#lines.find(({ path }) => path === this.#chosen);
    return line === undefined ? this.#data : line.value;
  }

  #reset() {
    this.#lines = [];
    this.#collect(this.#data, '', '', 0);
    const chosen = this.#lines.findIndex(({ path }) => path === this.#chosen);
    this.#list.reset(this.#lines.length, { current: Math.max(0, chosen) });
  }

  /** @param {any} value @param {string} key @param {string} path @param {number} depth @returns {boolean} whether something in it matches */
  #collect(value, key, path, depth) {
    const branch = value !== null && typeof value === 'object';
    const own = this.#lines.length;
    const root = depth === 0 && branch;
    if (!root) this.#lines.push({ depth: depth - 1, key, path, value, branch });
    const searched = this.#words !== '';
    let matches = !searched || `${key} ${branch ? '' : String(value)}`.toLowerCase().includes(this.#words);
    if (branch && (this.#open.has(path) || searched)) {
      for (const [part, child] of Object.entries(value)) {
        if (this.#collect(child, part, `${path}/${pointerPart(part)}`, depth + 1)) matches = true;
      }
    }
    if (!matches) this.#lines.length = own;
    return matches;
  }

  /** @param {number} place */
  #row(place) {
    const { depth, key, path, value, branch } = this.#lines[place];
    const open = this.#open.has(path) || this.#words !== '';
    const row = h(
      'div',
      { class: path === this.#chosen ? 'tree-row chosen' : 'tree-row', role: 'treeitem', 'data-place': place, 'aria-level': depth + 1, 'aria-expanded': branch ? String(open) : null },
      h('span', { class: 'tree-fold' }, branch && icon(open ? 'chevron-down' : 'chevron-right', { size: 13 })),
      key !== '' && h('span', { class: 'tree-key' }, marked(key, this.#words), ':'),
      branch ? h('span', { class: 'tree-size' }, Array.isArray(value) ? plural(value.length, 'item') : plural(Object.keys(value).length, 'field')) : h('span', { class: `tree-value ${typeof value}` }, marked(typeof value === 'string' ? value : JSON.stringify(value) ?? 'null', this.#words)),
    );
    row.style.setProperty('padding-left', `${12 + depth * 16}px`);
    if (!branch && typeof value === 'string') row.title = value.slice(0, 2000);
    return row;
  }

  /** @param {Event} event */
  #act(event) {
    const row = event.target instanceof Element ? event.target.closest('.tree-row') : null;
    if (row instanceof HTMLElement) this.#toggle(Number(row.dataset.place));
  }

  /** @param {number} place */
  #toggle(place) {
    const line = this.#lines[place];
    this.#chosen = line.path;
    if (line.branch && this.#words === '') {
      if (this.#open.has(line.path)) this.#open.delete(line.path);
      else this.#open.add(line.path);
    }
    const top = this.element.scrollTop;
    this.#reset();
    this.element.scrollTop = top;
    this.#list.draw();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const row = event.target instanceof Element ? event.target.closest('.tree-row') : null;
    if (!(row instanceof HTMLElement)) return;
    const place = Number(row.dataset.place);
    const line = this.#lines[place];
    const open = this.#open.has(line.path);
    const folds = event.key === 'Enter' || event.key === ' ' || (event.key === 'ArrowRight' && line.branch && !open) || (event.key === 'ArrowLeft' && line.branch && open);
    const step = /** @type {Record<string, number>} */ ({ ArrowUp: -1, ArrowDown: 1, ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity })[event.key];
    if (!folds && step === undefined) return;
    event.preventDefault();
    if (folds) this.#toggle(place);
    const next = folds ? place : Math.max(0, Math.min(this.#lines.length - 1, place + step));
    this.#list.focus(next);
  }
}

const FONT = '400 12px';
const SIDES_PX = 32;

export class ResultText {
  #list = new VirtualList(18, (place) => h('div', { class: 'text-row', role: 'presentation' }, marked(this.#lines[place], this.#words)));
  element = this.#list.element;
  /** @type {string[]} */
  #all = [];
  /** @type {string[]} what is searched for, in pieces that fit */
  #lines = [];
  #words = '';
  #columns = 80;
  #observer = new ResizeObserver(() => this.#fit());

  constructor() {
    this.element.classList.add('result-text-lines', 'mono');
    this.element.tabIndex = 0;
    this.element.setAttribute('role', 'group');
    this.element.setAttribute('aria-label', 'Result as text');
    this.#observer.observe(this.element);
  }

  /** @param {string} text */
  show(text) {
    this.#all = text.split('\n');
    this.#columns = this.#fitting() || this.#columns;
    this.search('');
  }

  /** @param {string} words @returns {number} how many lines contain them */
  search(words) {
    this.#words = words.trim().toLowerCase();
    const found = this.#words === '' ? this.#all : this.#all.filter((line) => line.toLowerCase().includes(this.#words));
    this.#lines = found.flatMap((line) => wrapped(line, this.#columns));
    this.#list.reset(this.#lines.length);
    return found.length;
  }

  /** How many letters fit into a line; 0 while nothing is on show. */
  #fitting() {
    const family = getComputedStyle(this.element).fontFamily;
    return Math.max(0, Math.floor((this.element.clientWidth - SIDES_PX) / textWidth('m', FONT, family)));
  }

  #fit() {
    const columns = this.#fitting();
    if (columns === 0 || columns === this.#columns) return;
    this.#columns = columns;
    this.search(this.#words);
  }
}
