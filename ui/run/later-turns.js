// @ts-check
// <later-turns>: below an answer, the questions that followed it up, so that a thread opened at its
// beginning is seen to go on. Sends `open-run`.

import { h, fill, send } from '../lib/dom.js';
import { icon } from '../lib/icons.js';
import { shortWhen } from '../lib/days.js';
import { plural } from '../lib/format.js';
import { onHistory } from '../history/history.js';
import { laterTurns, threadOf } from './threads.js';
import { stateIcons } from '../history/history-row.js';

/** @typedef {import('./live/types.js').RunRow} RunRow */

class LaterTurns extends HTMLElement {
  #runId = '';
  #drawn = '';
  /** @type {(() => void) | null} */
  #stop = null;

  connectedCallback() {
    this.#stop = onHistory(() => this.#load());
  }

  disconnectedCallback() {
    this.#stop?.();
    this.#stop = null;
  }

  /** @param {string} runId */
  set runId(runId) {
    if (runId === this.#runId) return;
    this.#runId = runId;
    this.#show([]);
    this.#load();
  }

  async #load() {
    const runId = this.#runId;
    if (runId === '') return;
    // Without a history there is no thread to tell of.
    const rows = await threadOf(runId).catch(() => []);
    if (runId === this.#runId) this.#show(laterTurns(rows, runId));
  }

  /** @param {RunRow[]} rows */
  #show(rows) {
    const drawn = rows.map((row) => `${row.id}/${row.state}`).join();
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const now = new Date();
    fill(
      this,
      rows.length > 0 && h('h2', { class: 'later-title' }, `${plural(rows.length, 'later question')} in this thread`),
      rows.length > 0 && h('ul', { class: 'later-list' }, rows.map((row) => h('li', null, this.#row(row, now)))),
    );
  }

  /** @param {RunRow} row @param {Date} now */
  #row(row, now) {
    const [shape, tone] = stateIcons[row.state] ?? stateIcons.finished;
    return h(
      'button',
      { type: 'button', class: 'later-row', 'data-testid': 'later-turn', onclick: () => send(this, 'open-run', { runId: row.id }) },
      icon(shape, { size: 14, class: tone }),
      h('span', { class: 'cut grow' }, row.question),
      h('span', { class: 'later-when numeric' }, row.state === 'running' ? 'now' : shortWhen(new Date(row.startedAt), now)),
    );
  }
}

customElements.define('later-turns', LaterTurns);
export { LaterTurns };
