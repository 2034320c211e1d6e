// @ts-check
// <earlier-turns>: the questions and answers that a follow-up continues, oldest first, each folded
// to a few lines until it is opened.

import { h, fill, send } from '../lib/dom.js';
import { icon } from '../lib/icons.js';
import { plural } from '../lib/format.js';
import { followRun } from '../state/live-runs.js';
import './run-answer.js';

/** @typedef {import('../state/types.js').Run} Run */

const MOST = 10;

class EarlierTurns extends HTMLElement {
  #continues = '';
  /** @type {Run[]} */
  #turns = [];
  /** @type {(() => void)[]} */
  #stops = [];
  #open = false;

  clear() {
    for (const stop of this.#stops) stop();
    this.#stops = [];
    this.#turns = [];
    this.#continues = '';
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
    let asked = false;
    const stop = followRun(runId, (turn) => {
      if (turn.lastSeq < 0) return;
      const place = this.#turns.findIndex((one) => one.runId === turn.runId);
      if (place >= 0) this.#turns[place] = turn;
      else this.#turns.unshift(turn);
      if (!asked && turn.continues !== null && this.#turns.length < MOST) {
        asked = true;
        this.#load(turn.continues);
      }
      this.#show();
    });
    this.#stops.push(stop);
  }

  #show() {
    const hidden = this.#open ? 0 : Math.max(0, this.#turns.length - 1);
    fill(
      this,
      hidden > 0 &&
        h('button', { type: 'button', class: 'link-button turns-more', onclick: () => this.#openAll() }, `Show ${plural(hidden, 'earlier question')}`),
      this.#turns.slice(hidden).map((turn) => this.#turn(turn)),
    );
  }

  #openAll() {
    this.#open = true;
    this.#show();
  }

  /** @param {Run} turn */
  #turn(turn) {
    const answer = /** @type {import('./run-answer.js').RunAnswer} */ (document.createElement('run-answer'));
    answer.setAttribute('earlier', '');
    answer.run = turn;
    const body = h('div', { class: 'turn-answer' }, answer);
    // Its citations count its own tasks: they are shown where those are.
    body.addEventListener('open-task', (event) => {
      event.stopPropagation();
      send(this, 'open-run', { runId: turn.runId, evidence: /** @type {CustomEvent} */ (event).detail });
    });
    const fold = h('button', { type: 'button', class: 'link-button turn-more', onclick: () => body.classList.toggle('whole') }, 'Whole answer');
    return h(
      'section',
      { class: 'turn', 'aria-label': 'Earlier question' },
      h('button', { type: 'button', class: 'turn-question', onclick: () => send(this, 'open-run', { runId: turn.runId }) }, icon('corner-down-right', { size: 14 }), h('span', null, turn.question)),
      body,
      fold,
    );
  }
}

customElements.define('earlier-turns', EarlierTurns);
export { EarlierTurns };
