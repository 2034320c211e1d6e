// @ts-check
// One task's row in the timeline. `show` takes a changed task; `draw` puts its bars where the axis
// is now, and touches only what moved.

import { h, setText, svg } from '../../lib/dom.js';
import { icon } from '../../lib/icons.js';
import { textWidth } from '../../lib/measure.js';
import { argumentLine, look, lookIcon, note, time } from './task-note.js';
import { exact } from '../../lib/format.js';
import { canStop, isEnded } from '../run-facts.js';
import { pieces, place } from './bars.js';

/** @typedef {import('../live/types.js').Task} Task */
/** @typedef {import('./bars.js').Piece} Piece */
/** @typedef {{ tasks: Task[], limits?: import('./task-note.js').Limits, running: boolean }} Context */
/** @typedef {{ nowMs: number, pxPerMs: number, lane: number, compact: boolean }} Axis */

/** @type {Record<string, string>} */
const tones = { approval: 'tone-warn', running: 'tone-live', retrying: 'tone-warn', completed: 'tone-ok', failed: 'tone-bad', interrupted: 'tone-warn' };

export class TaskRow {
  #task = /** @type {Task | null} */ (null);
  #icon = h('span', { class: 'row-icon' });
  #tool = h('span', { class: 'row-tool' });
  #server = h('span', { class: 'badge' });
  #arguments = h('span', { class: 'row-arguments mono' });
  #label = h('span', { class: 'row-label', role: 'gridcell' });
  #note = h('span', { class: 'row-note numeric' });
  #lane = h('span', { class: 'row-lane', role: 'gridcell' });
  #time = h('span', { class: 'row-time numeric', role: 'gridcell' });
  #cancel = h('button', { type: 'button', class: 'button small row-cancel', tabindex: -1 }, icon('x', { size: 14 }), 'Cancel');
  /** @type {HTMLElement[]} */
  #drawn = [];
  /** @type {WeakMap<HTMLElement, string>} what was drawn last, so that what stands still is not touched */
  #places = new WeakMap();
  #kinds = '';
  #noteWidth = 0;
  #noteAt = '';
  #look = '';

  /** @param {number} index */
  constructor(index) {
    this.element = h(
      'div',
      { class: 'task-row', role: 'row', 'data-testid': 'task', 'data-index': index, 'aria-rowindex': index + 2, tabindex: -1 },
      h('span', { class: 'row-number numeric', role: 'gridcell' }, index + 1),
      this.#icon,
      this.#label,
      this.#lane,
      this.#time,
    );
    this.#label.append(h('span', { class: 'row-name' }, this.#tool, this.#server), this.#arguments);
    this.#lane.append(this.#note, this.#cancel);
  }

  /** @param {Task} task @param {Context} context */
  show(task, context) {
    this.#task = task;
    const own = look(task);
    this.element.dataset.status = task.status;
    if (own !== this.#look) {
      this.#look = own;
      this.element.dataset.look = own;
      this.#icon.replaceChildren(icon(lookIcon[own], { class: tones[own] ?? 'tone-quiet' }));
    }
    setText(this.#tool, task.tool);
    setText(this.#server, task.server ?? 'unknown tool');
    this.#server.hidden = task.missing;
    setText(this.#arguments, task.missing ? '' : argumentLine(task.arguments));
    if (task.description) this.#label.title = task.description;
    const { text, tone } = note(task, context);
    setText(this.#note, text);
    // Where it is cut, the pointer still finds all of it.
    if (this.#note.title !== text) this.#note.title = text;
    this.#note.className = `row-note numeric ${tone === '' ? 'tone-quiet' : `tone-${tone}`}`;
    this.#noteWidth = text === '' ? 0 : Math.ceil(textWidth(text, '400 11.5px')) + 4;
    const open = context.running && canStop(task);
    this.#cancel.hidden = !open;
    const ended = isEnded(task.status) ? `, ${time(task, 0)}` : '';
    this.element.setAttribute(
      'aria-label',
      `Task ${task.index + 1}, ${task.tool} on ${task.server ?? 'no server'}, ${own}${ended}${text ? `, ${text}` : ''}`,
    );
    this.#kinds = '';
  }

  /** Whether Tab reaches it, and its button with it: no other task's is ever the next thing. @param {boolean} current */
  set current(current) {
    this.element.tabIndex = current ? 0 : -1;
    this.#cancel.tabIndex = current ? 0 : -1;
  }

  /** @param {Axis} axis */
  draw(axis) {
    const task = this.#task;
    if (task === null) return;
    const bars = pieces(task, axis.nowMs);
    const kinds = bars.map((bar) => bar.kind).join();
    if (kinds !== this.#kinds) this.#rebuild(bars, kinds);
    let first = Infinity;
    let last = 0;
    bars.forEach((bar, k) => {
      const { x, width } = place(bar, axis.pxPerMs);
      const from = Math.round(x);
      const size = Math.max(bar.kind === 'gap' ? 0 : 3, Math.round(x + width) - from);
      this.#put(this.#drawn[k], bar, from, size);
      first = Math.min(first, from);
      last = Math.max(last, from + size);
    });
    this.#putNote(first === Infinity ? 0 : first, last, axis);
    setText(this.#time, time(task, axis.nowMs));
  }

  /** @param {HTMLElement} element @param {Piece} bar @param {number} from @param {number} size */
  #put(element, bar, from, size) {
    const { style } = element;
    const where = `${from},${size},${bar.share ?? ''}`;
    if (this.#places.get(element) === where) return;
    this.#places.set(element, where);
    style.setProperty('transform', `translateX(${from}px)`);
    if (bar.kind === 'diamond') return;
    style.setProperty('width', `${size}px`);
    if (bar.kind === 'progress') {
      const fill = /** @type {HTMLElement} */ (element.firstElementChild);
      fill.style.setProperty('transform', `scaleX(${bar.share ?? 0})`);
    } else if (bar.kind === 'bad') {
      element.classList.toggle('wide', size >= 16);
    } else if (bar.kind === 'gap') {
      element.classList.toggle('wide', size >= 52);
    }
  }

  /** @param {number} first @param {number} last @param {Axis} axis */
  #putNote(first, last, axis) {
    if (this.#noteWidth === 0) return;
    const width = this.#noteWidth;
    let x = first;
    let most = axis.lane;
    if (axis.compact) {
      x = last + 8;
      const right = axis.lane - x;
      const left = first - 8;
      // Where it fits on neither side, it is cut on the wider one rather than laid over its bar.
      if (width > right && left > right) x = Math.max(0, left - width);
      most = width > right && left > right ? left : right;
    } else if (x + width > axis.lane) {
      x = axis.lane - width;
    }
    const from = Math.max(0, Math.round(x));
    const room = Math.max(0, Math.round(most));
    const where = `${from},${room}`;
    if (where === this.#noteAt) return;
    this.#noteAt = where;
    this.#note.style.setProperty('transform', `translateX(${from}px)`);
    this.#note.style.setProperty('max-width', `${room}px`);
  }

  /** @param {Piece[]} bars @param {string} kinds */
  #rebuild(bars, kinds) {
    this.#kinds = kinds;
    for (const old of this.#drawn) old.remove();
    this.#drawn = bars.map((bar) => h('span', { class: `piece piece-${bar.kind}`, 'aria-hidden': 'true' }, inner(bar)));
    this.#lane.prepend(...this.#drawn);
  }
}

/** @param {Piece} bar */
function inner(bar) {
  if (bar.kind === 'progress') return h('span', { class: 'piece-fill' });
  if (bar.kind === 'gap') return h('span', { class: 'piece-label numeric' }, exact(bar.delayMs ?? bar.to - bar.from));
  if (bar.kind === 'bad') return cross();
  return null;
}

function cross() {
  const mark = svg('svg', { class: 'piece-cross', viewBox: '0 0 8 8', width: 8, height: 8, 'aria-hidden': 'true' });
  mark.append(svg('path', { d: 'M1 1l6 6M7 1l-6 6', fill: 'none', stroke: 'currentColor', 'stroke-width': 1 }));
  return mark;
}
