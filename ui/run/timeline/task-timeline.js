// @ts-check
// <task-timeline>: a row a task and a bar on a common axis, growing live. Up to 200 tasks every row
// is there; above that only those near the view. Only rows in view are drawn in a frame.
// Sends `open-task` with `{ index }` and `stop-task` with `{ index }`.

import { h, send, svg } from '../../lib/dom.js';
import { eachFrame, oncePerFrame } from '../../lib/frames.js';
import { insertInOrder } from '../../lib/in-order.js';
import { textWidth } from '../../lib/measure.js';
import { runNow } from '../live/run-clock.js';
import { canStop } from '../run-facts.js';
import { limitsOf } from '../../settings/servers/servers.js';
import { TimeAxis } from './axis.js';
import { beginning } from './bars.js';
import { drawLinks } from './links.js';
import { PlanRow } from './plan-row.js';
import { TaskRow } from './row.js';
import { axisLength } from './scale.js';

/** @typedef {import('../live/types.js').Run} Run */
/** @typedef {import('../live/types.js').Task} Task */

const ALL_ROWS = 60;
const NEAR = 10;
const COMPACT_FROM = 13;
const MANY_ROWS = 40;
const MEASURED_FOR_MS = 300;

class TaskTimeline extends HTMLElement {
  /** @type {Run | null} */
  #run = null;
  #axis = new TimeAxis();
  #plan = new PlanRow();
  #rows = h('div', { class: 'timeline-rows', role: 'rowgroup' });
  #links = svg('svg', { class: 'timeline-links', 'aria-hidden': 'true' });
  #grid = h('div', { class: 'timeline', role: 'grid', 'aria-label': 'Tasks' });
  /** @type {Map<number, TaskRow>} */
  #made = new Map();
  /** @type {Map<number, Task>} */
  #shown = new Map();
  #current = 0;
  #hovered = -1;
  #lane = 0;
  #compact = false;
  #servers = '';
  /** @type {Run | null} */
  #drawnRun = null;
  #drawnAt = 0;
  /** @type {(() => void) | null} */
  #stopFrames = null;
  #drawSoon = oncePerFrame(() => {
    this.#measuredAt = -Infinity;
    this.#draw();
  });
  #width = 0;
  /** Its height grows with every task that is planned; where things are changes with the width alone. */
  #observer = new ResizeObserver(([{ contentRect }]) => {
    if (contentRect.width === this.#width) return;
    this.#width = contentRect.width;
    this.#drawSoon();
  });
  #measuredAt = -Infinity;
  #above = 0;
  #viewHeight = 0;
  #inSight = false;
  /** Scrolls the timeline. @type {HTMLElement | null} */
  scroller = null;

  connectedCallback() {
    if (this.childElementCount === 0) this.#build();
    this.#observer.observe(this);
    this.scroller?.addEventListener('scroll', this.#drawSoon, { passive: true });
    this.#move();
  }

  disconnectedCallback() {
    this.#observer.disconnect();
    this.scroller?.removeEventListener('scroll', this.#drawSoon);
    this.#stopFrames?.();
    this.#stopFrames = null;
  }

  /** @param {Run | null} run */
  set run(run) {
    if (run?.runId !== this.#run?.runId) this.#clear();
    if ((run?.tasks.length ?? 0) === 0 || (this.#run?.tasks.length ?? 0) === 0) this.#measuredAt = -Infinity;
    this.#run = run;
    if (!this.isConnected) return;
    this.#move();
    if (this.#stopFrames === null) this.#drawSoon();
  }

  /** Which task's evidence is open. @param {number | null} index */
  set open(index) {
    for (const [own, row] of this.#made) row.element.classList.toggle('open', own === index);
  }

  #build() {
    this.#grid.append(
      h(
        'div',
        { class: 'timeline-head' },
        h('span', { class: 'row-number' }),
        h('span', { class: 'row-icon' }),
        h('span', { class: 'row-label' }, 'Task'),
        h('span', { class: 'row-lane' }, this.#axis.labels),
        h('span', { class: 'row-time' }, 'Time'),
      ),
      h('div', { class: 'timeline-body' }, h('div', { class: 'timeline-behind' }, this.#axis.lines), this.#plan.element, this.#rows),
    );
    this.#rows.append(this.#links);
    this.append(this.#grid);
    this.#grid.addEventListener('click', (event) => this.#clicked(event));
    this.#grid.addEventListener('keydown', (event) => this.#key(event));
    this.#rows.addEventListener('pointerover', (event) => this.#hover(indexOf(event.target)));
    this.#rows.addEventListener('pointerleave', () => this.#hover(-1));
    this.#rows.addEventListener('focusin', (event) => this.#hover(indexOf(event.target)));
  }

  #clear() {
    for (const row of this.#made.values()) row.element.remove();
    this.#made.clear();
    this.#shown.clear();
    this.#current = 0;
  }

  /** Frames are asked for only while something moves. */
  #move() {
    const moves = this.#run?.state === 'running' && this.isConnected;
    if (moves && this.#stopFrames === null) this.#stopFrames = eachFrame(() => this.#frame());
    if (!moves && this.#stopFrames !== null) {
      this.#stopFrames();
      this.#stopFrames = null;
      this.#drawSoon();
    }
  }

  /** Many bars move by whole pixels and slowly: every other frame is enough for them. */
  #frame() {
    const pause = (this.#run?.tasks.length ?? 0) > MANY_ROWS ? 30 : 0;
    const now = performance.now();
    if (now - this.#drawnAt < pause) return;
    this.#drawnAt = now;
    this.#draw();
  }

  #draw() {
    const run = this.#run;
    if (run === null || !this.isConnected) return;
    this.#measure();
    if (!this.#inSight) return;
    const compact = run.tasks.length >= COMPACT_FROM || run.state === 'failed';
    if (compact !== this.#compact) {
      this.#compact = compact;
      this.#grid.classList.toggle('compact', compact);
      this.#shown.clear();
      this.#measuredAt = -Infinity;
      this.#measure();
    }
    this.#badges(run);
    const nowMs = runNow(run);
    const live = run.state === 'running';
    const until = live ? nowMs : (run.execution?.atMs ?? nowMs);
    const lengthMs = axisLength(Math.max(until, run.plan?.atMs ?? 0), !live, compact);
    const axis = { nowMs, pxPerMs: this.#lane / lengthMs, lane: this.#lane, compact, lengthMs, live };
    this.#axis.draw({ ...axis, planEndMs: run.plan !== null && run.tasks.length > 0 ? run.plan.atMs : null });
    this.#plan.draw(run, axis);
    const [from, to] = this.#layout(run);
    for (let index = from; index < to; index += 1) this.#row(run, index).draw(axis);
    this.#drawLinks(run, axis, from, to);
    this.#drawnRun = run;
  }

  /**
   * Asks the layout where things are: before anything is written, and not in every frame, since
   * each answer costs a layout. Scrolling and resizing ask at once.
   */
  #measure() {
    const now = performance.now();
    if (now - this.#measuredAt < MEASURED_FOR_MS) return;
    this.#measuredAt = now;
    this.#inSight = this.offsetParent !== null;
    if (!this.#inSight) return;
    const view = this.scroller?.getBoundingClientRect();
    this.#above = (view?.top ?? 0) - this.#rows.getBoundingClientRect().top;
    this.#viewHeight = view?.height ?? window.innerHeight;
    this.#lane = this.#axis.labels.clientWidth;
  }

  /** Makes and removes rows; returns which are in view. @param {Run} run */
  #layout(run) {
    const count = run.tasks.length;
    const height = this.#compact ? 30 : 48;
    this.#rows.style.setProperty('height', `${count * height}px`);
    this.#grid.setAttribute('aria-rowcount', String(count + 1));
    const from = Math.max(0, Math.floor(this.#above / height) - 2);
    const to = Math.min(count, Math.ceil((this.#above + this.#viewHeight) / height) + 2);
    if (count <= ALL_ROWS) {
      for (let index = 0; index < count; index += 1) this.#row(run, index);
      return [Math.min(from, count), Math.max(0, to)];
    }
    for (const [index, row] of this.#made) {
      const near = index >= from - NEAR && index < to + NEAR;
      if (near || index === this.#current) {
        // Out of view too, a row says what its task is: one that still ran would turn for ever.
        this.#row(run, index);
      } else {
        row.element.remove();
        this.#made.delete(index);
        this.#shown.delete(index);
      }
    }
    return [Math.min(from, count), Math.max(0, to)];
  }

  /** @param {Run} run @param {number} index */
  #row(run, index) {
    let row = this.#made.get(index);
    if (row === undefined) {
      row = new TaskRow(index);
      row.current = index === this.#current;
      insertInOrder(this.#rows, row.element, index, this.#made, (other) => other.element);
      this.#made.set(index, row);
    }
    const task = run.tasks[index];
    const drawn = this.#shown.get(index);
    // A waiting task's words name tasks that may have ended since.
    const stale = task.waitingFor === 'dependency' && run !== this.#drawnRun;
    if (drawn !== task || stale) {
      this.#shown.set(index, task);
      row.element.style.setProperty('top', `${index * (this.#compact ? 30 : 48)}px`);
      row.show(task, {
        tasks: run.tasks,
        limits: limitsOf(task.server),
        running: run.state === 'running',
      });
    }
    return row;
  }

  /** To each task in view that waits for another one, or that is looked at; the other may be anywhere. @param {Run} run @param {{ nowMs: number, pxPerMs: number }} axis @param {number} from @param {number} to */
  #drawLinks(run, { nowMs, pxPerMs }, from, to) {
    const place = (/** @type {Task} */ task) => Math.round(beginning(task, nowMs) * pxPerMs);
    const links = [];
    for (let index = from; index < to; index += 1) {
      const task = run.tasks[index];
      if (task.waitingFor !== 'dependency' && index !== this.#hovered) continue;
      for (const other of task.dependsOn) {
        const source = run.tasks[other];
        if (source !== undefined) links.push({ fromX: place(source), fromRow: other, toX: place(task), toRow: index });
      }
    }
    drawLinks(this.#links, links, this.#compact ? 30 : 48);
  }

  /** In compact rows the server stands before the tool; its column is as wide as the longest name. @param {Run} run */
  #badges(run) {
    if (!this.#compact) return;
    const names = [...new Set(run.tasks.map((task) => task.server ?? 'unknown tool'))].join('\n');
    if (names === this.#servers) return;
    this.#servers = names;
    const widest = Math.max(...names.split('\n').map((name) => textWidth(name, '500 11px')));
    this.#grid.style.setProperty('--badges', `${Math.min(160, Math.ceil(widest) + 26)}px`);
  }

  /** @param {number} index */
  #hover(index) {
    if (index === this.#hovered) return;
    this.#hovered = index;
    if (this.#stopFrames === null) this.#drawSoon();
  }

  /** @param {Event} event */
  #clicked(event) {
    const index = indexOf(event.target);
    if (index < 0) return;
    const stop = event.target instanceof Element && event.target.closest('.row-cancel') !== null;
    this.#reach(index);
    send(this, stop ? 'stop-task' : 'open-task', { index });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const index = indexOf(event.target);
    if (index < 0 || this.#run === null || event.target instanceof HTMLButtonElement) return;
    const page = this.#compact ? 12 : 8;
    const steps = /** @type {Record<string, number>} */ ({ ArrowUp: -1, ArrowDown: 1, PageUp: -page, PageDown: page, Home: -Infinity, End: Infinity });
    const step = steps[event.key];
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      send(this, 'open-task', { index });
    } else if (event.key === 'Delete' && canStop(this.#run.tasks[index])) {
      send(this, 'stop-task', { index });
    } else if (step !== undefined) {
      event.preventDefault();
      this.focusTask(Math.max(0, Math.min(this.#run.tasks.length - 1, index + step)));
    }
  }

  /** @param {number} index */
  focusTask(index) {
    if (this.#run === null || this.#run.tasks[index] === undefined) return;
    this.#reach(index);
    const row = this.#row(this.#run, index);
    row.element.focus({ preventScroll: true });
    row.element.scrollIntoView({ block: 'nearest' });
  }

  /** @param {number} index */
  #reach(index) {
    const before = this.#made.get(this.#current);
    if (before) before.current = false;
    this.#current = index;
    const row = this.#made.get(index);
    if (row) row.current = true;
  }
}

/** @param {EventTarget | null} target */
function indexOf(target) {
  const row = target instanceof Element ? target.closest('.task-row') : null;
  return row instanceof HTMLElement ? Number(row.dataset.index) : -1;
}

customElements.define('task-timeline', TaskTimeline);
export { TaskTimeline };
