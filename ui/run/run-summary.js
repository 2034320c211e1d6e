// @ts-check
// <run-summary>: what an ended run collapses to: a miniature of its bars, one sentence, a chevron
// that opens the timeline again. Sends `toggle-work`.

import { h, send, svg } from '../lib/dom.js';
import { icon } from '../lib/icons.js';
import { refill } from '../lib/refill.js';
import { summary } from './run-facts.js';

/** @typedef {import('./live/types.js').Run} Run */

const WIDTH = 64;
const HEIGHT = 22;
const LINES = 7;

class RunSummary extends HTMLElement {
  #button = h('button', { type: 'button', class: 'summary', 'data-testid': 'summary', 'aria-expanded': 'false', onclick: () => send(this, 'toggle-work') });

  connectedCallback() {
    if (this.childElementCount === 0) this.append(this.#button);
  }

  focus() {
    this.#button.focus({ preventScroll: true });
  }

  /** @param {boolean} open */
  set open(open) {
    this.#button.setAttribute('aria-expanded', String(open));
  }

  /** @param {Run} run */
  set run(run) {
    const words = summary(run);
    if (words === null) return;
    // An answer that is being written changes nothing here; a button that was made anew would lose a click.
    refill(this.#button, [run.runId, words], () => [
      miniature(run),
      h('span', { class: 'summary-words cut grow numeric' }, h('strong', null, words.counts), words.rest && ` · ${words.rest}`),
      icon('chevron-down', { class: 'summary-chevron' }),
    ]);
  }
}

/** @param {Run} run */
function miniature(run) {
  const drawing = svg('svg', { class: 'miniature', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT, 'aria-hidden': 'true' });
  // What was kept from an earlier run never started.
  const began = (/** @type {import('./live/types.js').Task} */ task) => task.startedMs ?? task.plannedMs;
  const started = run.tasks.filter((task) => (task.startedMs !== null || task.reused !== null) && task.endedMs !== null);
  if (started.length === 0) return drawing;
  const from = started.reduce((first, task) => Math.min(first, began(task)), Infinity);
  const to = started.reduce((last, task) => Math.max(last, task.endedMs ?? 0), 0);
  const scale = WIDTH / Math.max(to - from, 0.001);
  const every = Math.max(1, started.length / LINES);
  const count = Math.min(LINES, started.length);
  const pitch = Math.min(3.7, HEIGHT / count);
  const top = (HEIGHT - pitch * count) / 2 + (pitch - 2) / 2;
  for (let k = 0; k < count; k += 1) {
    const task = started[Math.floor(k * every)];
    const x = (began(task) - from) * scale;
    const width = Math.max(2, ((task.endedMs ?? 0) - began(task)) * scale);
    drawing.append(
      svg('rect', {
        class: task.status === 'failed' ? 'mini-bad' : task.status === 'completed' ? 'mini-done' : 'mini-other',
        x: Math.min(x, WIDTH - width).toFixed(1),
        y: (top + k * pitch).toFixed(1),
        width: width.toFixed(1),
        height: 2.2,
        rx: 1,
      }),
    );
  }
  return drawing;
}

customElements.define('run-summary', RunSummary);
export { RunSummary };
