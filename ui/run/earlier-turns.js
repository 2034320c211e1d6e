// @ts-check
// <earlier-turns>: the questions and answers that a follow-up continues, oldest first, each folded
// to a few lines until it is opened. At first the last one, then ten, then all.

import { h, fill, send } from '../lib/dom.js';
import { icon } from '../lib/icons.js';
import { plural } from '../lib/format.js';
import { followRun } from './live/live-runs.js';
import './answer/run-answer.js';

/** @typedef {import('./live/types.js').Run} Run */

/** So many are read before somebody asks for more. */
const FIRST = 10;

class EarlierTurns extends HTMLElement {
  #continues = '';
  /** @type {Turn[]} the oldest first */
  #turns = [];
  /** @type {(() => void)[]} */
  #stops = [];
  #most = FIRST;
  #open = false;

  clear() {
    for (const stop of this.#stops) stop();
    this.#stops = [];
    this.#turns = [];
    this.#continues = '';
    this.#most = FIRST;
    this.#open = false;
    fill(this);
  }

  /** @param {Run} run */
  set run(run) {
    if (run.continues === null || run.continues === this.#continues) return;
    this.clear();
    this.#continues = run.continues;
    this.#load(run.continues);
  }

  /** @param {string} runId */
  #load(runId) {
    /** @type {Turn | null} */
    let turn = null;
    const stop = followRun(runId, (run) => {
      if (run.lastSeq < 0) return;
      if (turn !== null) {
        turn.run = run;
        return;
      }
      turn = new Turn(run);
      this.#turns.unshift(turn);
      if (this.#turns.length < this.#most) this.#loadBefore(run);
      this.#show();
    });
    this.#stops.push(stop);
  }

  /** @param {Run} run */
  #loadBefore(run) {
    if (run.continues !== null) this.#load(run.continues);
  }

  #show() {
    const hidden = this.#open ? 0 : Math.max(0, this.#turns.length - 1);
    const more = this.#open && this.#turns.length >= this.#most && this.#turns[0].run.continues !== null;
    const button = (/** @type {string} */ label, /** @type {() => void} */ act) => h('button', { type: 'button', class: 'link-button turns-more', onclick: act }, label);
    const focused = document.activeElement?.classList.contains('turns-more') === true && this.contains(document.activeElement);
    fill(
      this,
      hidden > 0 && button(`Show ${plural(hidden, 'earlier question')}`, () => this.#unfold()),
      more && button('Show all earlier questions', () => this.#loadAll()),
      this.#turns.slice(hidden).map((turn) => turn.element),
    );
    if (focused) /** @type {HTMLElement | null} */ (this.querySelector('.turns-more, .turn-question'))?.focus({ preventScroll: true });
  }

  #unfold() {
    this.#open = true;
    this.#show();
  }

  #loadAll() {
    this.#most = Infinity;
    this.#loadBefore(this.#turns[0].run);
  }
}

/** One question and its answer. Made once, since its answer is rendered once. */
class Turn {
  #run;
  #answer = /** @type {import('./answer/run-answer.js').RunAnswer} */ (document.createElement('run-answer'));

  /** @param {Run} run */
  constructor(run) {
    this.#run = run;
    this.#answer.setAttribute('earlier', '');
    this.#answer.run = run;
    const body = h('div', { class: 'turn-answer' }, this.#answer);
    // Its citations count its own tasks: they are shown where those are.
    body.addEventListener('open-task', (event) => {
      event.stopPropagation();
      send(body, 'open-run', { runId: run.runId, evidence: /** @type {CustomEvent} */ (event).detail });
    });
    this.element = h(
      'section',
      { class: 'turn', 'aria-label': 'Earlier question' },
      h('button', { type: 'button', class: 'turn-question', onclick: () => send(body, 'open-run', { runId: run.runId }) }, icon('corner-down-right', { size: 14 }), h('span', null, run.question)),
      body,
      h('button', { type: 'button', class: 'link-button turn-more', onclick: () => body.classList.toggle('whole') }, 'Whole answer'),
    );
  }

  get run() {
    return this.#run;
  }

  set run(run) {
    this.#run = run;
    this.#answer.run = run;
  }
}

customElements.define('earlier-turns', EarlierTurns);
export { EarlierTurns };
