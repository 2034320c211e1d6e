// @ts-check
// <history-rail>: brand, search, new question, past runs by day, and at its foot the servers.
// Sends `new-question`, `open-run`, `deleted-run`, `open-settings`, `toggle-rail`.

import { said } from '../api.js';
import { send } from '../lib/dom.js';
import { commandKey } from '../lib/keys.js';
import { dayGroup } from '../lib/days.js';
import { plural } from '../lib/format.js';
import { later } from '../lib/later.js';
import { confirmAt, openMenu } from '../lib/popover.js';
import { reachable, roving } from '../lib/roving.js';
import { draw, each, glyph, held, html, nothing, once } from '../lib/view.js';
import { deleteRun, history, moreHistory, onHistory, reloadHistory, searchHistory } from './history.js';
import { knownRun, onAnyRun } from '../run/live/live-runs.js';
import { allServers, onServers, serversKnown } from '../settings/servers/servers.js';
import { historyRow } from './history-row.js';

/** @typedef {import('../run/live/types.js').RunRow} RunRow */
/** @typedef {import('../lib/view.js').View} View */

const paletteHint = `Commands (${commandKey('K')})`;

class HistoryRail extends HTMLElement {
  /** What stands in the search field. */
  #text = '';
  /** @type {string | null} */
  #open = null;
  /** @type {Map<string, string>} */
  #live = new Map();
  #typing = later(120, () => searchHistory(this.#text));
  #soon = later(200, () => this.#show());

  connectedCallback() {
    if (this.hasAttribute('role')) return;
    this.setAttribute('role', 'navigation');
    this.setAttribute('aria-label', 'History');
    roving(this, '.history-open');
    onHistory(() => this.#show());
    onServers(() => this.#show());
    onAnyRun((run) => this.#followed(run));
    window.addEventListener('focus', () => reloadHistory());
    reloadHistory();
    this.#show();
  }

  /** The run to show as open. @param {string | null} runId */
  set open(runId) {
    this.#open = runId;
    this.#show();
    this.querySelector('.history-row.open')?.scrollIntoView({ block: 'nearest' });
  }

  focusSearch() {
    this.#search.focus();
    this.#search.select();
  }

  /** The keyboard goes on in it: on a question, or where it is folded, on what shows it again. */
  focus() {
    const folded = this.#search.offsetParent === null;
    const wanted = /** @type {HTMLElement | null} */ (this.querySelector(folded ? '.show-history' : '.history-open[tabindex="0"]'));
    (wanted ?? this.#search).focus({ preventScroll: folded });
  }

  get #search() {
    return /** @type {HTMLInputElement} */ (this.querySelector('.search-field input'));
  }

  /** What opens a run, of each row. @returns {HTMLElement[]} */
  get #rows() {
    return [...this.querySelectorAll('.history-open')].map((row) => /** @type {HTMLElement} */ (row));
  }

  #show() {
    const { rows, total, words, loaded, failure } = history();
    const now = new Date();
    const before = this.#rows;
    const place = before.findIndex((row) => row.parentElement?.contains(document.activeElement));
    let drawn = false;
    const list = once([rows, total, words, failure, loaded, this.#open, now.toDateString(), ...rows.map((row) => this.#live.get(row.id))], () => {
      drawn = true;
      if (failure !== null) return empty('The history cannot be read', failure);
      if (rows.length > 0) return this.#days(rows, words, now);
      if (!loaded) return nothing;
      return words === '' ? empty('No questions yet', 'Every question you ask is kept here with its tasks, results and answer, on this machine only.') : this.#noMatch(words);
    });
    this.classList.toggle('searching', this.#text !== '');
    draw(this, this.#frame(list));
    if (!drawn) return;
    const after = this.#rows;
    const rowOf = (/** @type {string | null | undefined} */ runId) => after.find((row) => row.dataset.runId === runId);
    const again = place < 0 ? undefined : (rowOf(before[place].dataset.runId) ?? after[Math.min(place, after.length - 1)]);
    // The keyboard was on a row that went: it goes on with the one that is in its place now.
    if (place >= 0 && !this.contains(document.activeElement)) (again ?? this.#search).focus({ preventScroll: true });
    reachable(this, '.history-open', again ?? rowOf(this.#open));
  }

  /** All but the list. @param {View} list */
  #frame(list) {
    const asks = () => send(this, 'new-question');
    const folds = () => send(this, 'toggle-rail');
    const commands = () => send(this, 'toggle-palette');
    const settings = () => send(this, 'open-settings', {});
    return html`<div class="rail-head">
        <div class="rail-top">
          ${glyph('brand', { size: 16, class: 'tone-live' })}<span class="brand grow">Trawl</span>
          <button type="button" class="icon-button" aria-label="Commands" title=${paletteHint} @click=${commands}>${glyph('command', { size: 15 })}</button>
          <button type="button" class="icon-button" aria-label="Hide the history" @click=${folds}>${glyph('panel-left')}</button>
        </div>
        <label class="search-field">
          ${glyph('search', { size: 15 })}
          <input type="search" placeholder="Search history" aria-label="Search history" data-testid="history-search" autocomplete="off" spellcheck="false"
            .value=${held(this.#text)} @input=${() => this.#typed()} @keydown=${(/** @type {KeyboardEvent} */ event) => this.#key(event)} />
          <button type="button" class="icon-button clear" aria-label="Clear the search" ?hidden=${this.#text === ''} @click=${() => this.#clear()}>${glyph('x', { size: 14 })}</button>
          <kbd class="key">/</kbd>
        </label>
        <button type="button" class="button new-question" data-testid="new-question" @click=${asks}>
          ${glyph('plus', { size: 15 })}<span class="grow">New question</span><kbd class="key">${commandKey('N')}</kbd>
        </button>
      </div>
      <div class="history" @scroll=${scrolled}>${list}</div>
      <div class="rail-foot">
        <button type="button" class="rail-servers" @click=${() => send(this, 'open-settings', { section: 'servers' })}>${glyph('server')}<span class="cut grow">${serverWords()}</span></button>
        <button type="button" class="icon-button" data-testid="settings" aria-label="Settings" @click=${settings}>${glyph('settings')}</button>
      </div>
      <div class="rail-narrow">
        ${glyph('brand', { size: 18, class: 'tone-live' })}${narrow('plus', 'New question', asks)}${narrow('command', paletteHint, commands)}
        ${narrow('search', 'Search history', () => send(this, 'toggle-rail', { search: true }))}${narrow('history', 'Past questions', folds)}
        <span class="grow"></span>${narrow('panel-left', 'Show the history', folds, 'show-history')}${narrow('settings', 'Settings', settings)}
      </div>`;
  }

  /** Rows by day, each day once, whatever the clock said; those of a search stand by match, in one group. @param {RunRow[]} rows @param {string} words @param {Date} now */
  #days(rows, words, now) {
    /** @type {Map<string, RunRow[]>} */
    const days = new Map();
    for (const row of rows) {
      const name = words === '' ? dayGroup(new Date(row.startedAt), now) : '';
      days.set(name, days.get(name) ?? []);
      days.get(name)?.push(row);
    }
    const day = (/** @type {string} */ name, /** @type {RunRow[]} */ own) => html`<h2 class="history-group" ?hidden=${name === ''}>${name}</h2>
      <div role="list" aria-label=${name || 'Matches'}>${each(own, (row) => row.id, (row) => this.#row(row, words, now))}</div>`;
    return html`${words === '' ? nothing : html`<p class="history-count" role="status">${plural(history().total, 'run')}</p>`}
      ${each(days, ([name]) => name, ([name, own]) => day(name, own))}`;
  }

  /** @param {RunRow} row @param {string} words @param {Date} now */
  #row(row, words, now) {
    const open = row.id === this.#open;
    const acts = {
      show: () => send(this, 'open-run', { runId: row.id }),
      remove: (/** @type {Element} */ anchor) => this.#askDelete(anchor, row.id),
      menu: (/** @type {Event} */ event) => this.#menu(event, row),
    };
    return once([row, words, open, now.toDateString(), this.#live.get(row.id)], () => historyRow(row, knownRun(row.id), { open, words, now }, acts));
  }

  /** @param {import('../run/live/types.js').Run} run */
  #followed(run) {
    const mark = `${run.state}/${run.tasks.length}/${run.approval.open.length > 0}`;
    const before = this.#live.get(run.runId);
    if (before === mark) return;
    this.#live.set(run.runId, mark);
    const began = before === undefined && !history().rows.some((row) => row.id === run.runId);
    const ended = before !== undefined && before.startsWith('running') && run.state !== 'running';
    if (began || ended) reloadHistory();
    // A plan of a thousand tasks changes its row's count a thousand times.
    else if (!this.#soon.waits) this.#soon.start();
  }

  #typed() {
    this.#text = this.#search.value;
    this.#show();
    this.#typing.start();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key === 'ArrowDown') this.#rows[0]?.focus();
    else if (event.key === 'Escape' && this.#text !== '') this.#clear();
    else return;
    event.preventDefault();
  }

  #clear() {
    this.#text = '';
    this.#show();
    searchHistory('');
    this.#search.focus();
  }

  /** @param {Event} event @param {RunRow} run */
  #menu(event, run) {
    event.preventDefault();
    const row = /** @type {HTMLElement} */ (/** @type {Element} */ (event.currentTarget).querySelector('.history-open'));
    openMenu(row, [
      { label: 'Open', icon: 'corner-down-right', run: () => send(this, 'open-run', { runId: run.id }) },
      { label: 'Ask again', icon: 'rotate-cw', run: () => send(this, 'ask', { question: run.question, continues: run.continues, fresh: true }) },
      { label: 'Delete', icon: 'trash', danger: true, run: () => this.#askDelete(row, run.id) },
    ]);
  }

  /** @param {Element} anchor @param {string} runId */
  #askDelete(anchor, runId) {
    confirmAt(anchor, {
      title: 'Delete this question?',
      text: 'Its tasks, results and answer go with it. Log files expire on their own after 7 days.',
      action: 'Delete',
      danger: true,
      run: () =>
        deleteRun(runId)
          .then(() => send(this, 'deleted-run', { runId }))
          .catch((error) => send(this, 'say', { text: said(error) })),
    });
  }

  /** @param {string} words */
  #noMatch(words) {
    return empty(`Nothing has “${words}”`, 'Questions, answers and results were searched.', html`<button type="button" class="link-button" @click=${() => this.#clear()}>Show all questions</button>`);
  }
}

/** What stands in place of rows. @param {string} title @param {string} text @param {View} [act] */
function empty(title, text, act = nothing) {
  return html`<div class="history-empty"><p class="history-empty-title">${title}</p><p>${text}</p>${act}</div>`;
}

/** A button of what is left of the rail when it is folded. @param {string} name @param {string} label @param {() => void} run */
function narrow(name, label, run, own = '') {
  return html`<button type="button" class="icon-button ${own}" aria-label=${label} title=${label} @click=${run}>${glyph(name)}</button>`;
}

/** @param {Event} event */
function scrolled(event) {
  const { scrollHeight, scrollTop, clientHeight } = /** @type {Element} */ (event.currentTarget);
  if (scrollHeight - scrollTop - clientHeight < 400 && history().loaded) moreHistory();
}

function serverWords() {
  const wanted = allServers().filter((server) => server.state !== 'disabled');
  const ready = wanted.filter((server) => server.state === 'connected').length;
  if (!serversKnown()) return '';
  if (wanted.length === 0) return 'No server connected';
  return ready === wanted.length ? `${plural(ready, 'server')} connected` : `${ready} of ${plural(wanted.length, 'server')} connected`;
}

customElements.define('history-rail', HistoryRail);
export { HistoryRail };
