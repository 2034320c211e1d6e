// @ts-check
// <earlier-turns>: the questions and answers that a follow-up continues, oldest first, each folded
// to a few lines until it is opened. At first the last one, then ten, then all.

import { send } from '../lib/dom.js';
import { plural } from '../lib/format.js';
import { draw, each, glyph, html, nothing } from '../lib/view.js';
import { followRun } from './live/live-runs.js';
import './answer/run-answer.js';

/** @typedef {import('./live/types.js').Run} Run */
/** @typedef {import('../lib/view.js').View} View */

/** So many are read before somebody asks for more. */
const FIRST = 10;

class EarlierTurns extends HTMLElement {
  #continues = '';
  /** @type {Run[]} the oldest first */
  #turns = [];
  /** Those whose whole answer is shown. @type {Set<string>} */
  #whole = new Set();
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
    this.#whole.clear();
    draw(this, nothing);
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
    const stop = followRun(runId, (run) => {
      if (run.lastSeq < 0) return;
      const known = this.#turns.findIndex((turn) => turn.runId === runId);
      if (known >= 0) this.#turns[known] = run;
      else this.#turns.unshift(run);
      if (known < 0 && this.#turns.length < this.#most) this.#loadBefore(run);
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
    const more = this.#open && this.#turns.length >= this.#most && this.#turns[0].continues !== null;
    const label = hidden > 0 ? `Show ${plural(hidden, 'earlier question')}` : 'Show all earlier questions';
    draw(
      this,
      html`${hidden > 0 || more ? html`<button type="button" class="link-button turns-more" @click=${() => this.#unfold()}>${label}</button>` : nothing}
      ${each(this.#turns.slice(hidden), (turn) => turn.runId, (turn) => this.#turn(turn))}`,
    );
  }

  /** One question and its answer. @param {Run} run */
  #turn(run) {
    const { runId } = run;
    const open = (/** @type {any} */ evidence) => send(this, 'open-run', { runId, evidence });
    // Its citations count its own tasks: they are shown where those are.
    const cited = (/** @type {CustomEvent} */ event) => {
      event.stopPropagation();
      open(event.detail);
    };
    return html`<section class="turn" aria-label="Earlier question">
      <button type="button" class="turn-question" @click=${() => open(undefined)}>${glyph('corner-down-right', { size: 14 })}<span>${run.question}</span></button>
      <div class=${this.#whole.has(runId) ? 'turn-answer whole' : 'turn-answer'} @open-task=${cited}><run-answer earlier .run=${run}></run-answer></div>
      <button type="button" class="link-button turn-more" @click=${() => this.#fold(runId)}>Whole answer</button>
    </section>`;
  }

  /** @param {string} runId */
  #fold(runId) {
    if (!this.#whole.delete(runId)) this.#whole.add(runId);
    this.#show();
  }

  #unfold() {
    if (this.#open) this.#most = Infinity;
    const loads = this.#open;
    this.#open = true;
    if (loads) this.#loadBefore(this.#turns[0]);
    this.#show();
  }
}

customElements.define('earlier-turns', EarlierTurns);
export { EarlierTurns };
