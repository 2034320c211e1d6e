// @ts-check
// <history-rail>: brand, search, new question, past runs by day, and at its foot the servers.
// Sends `new-question`, `open-run`, `deleted-run`, `open-settings`, `toggle-rail`.

import { said } from '../api.js';
import { h, fill, send, setText } from '../lib/dom.js';
import { icon } from '../lib/icons.js';
import { commandKey } from '../lib/keys.js';
import { dayGroup } from '../lib/days.js';
import { plural } from '../lib/format.js';
import { confirmAt, openMenu } from '../lib/popover.js';
import { become, place } from '../lib/in-place.js';
import { reachable, roving } from '../lib/roving.js';
import { deleteRun, history, moreHistory, onHistory, reloadHistory, searchHistory } from './history.js';
import { knownRun, onAnyRun } from '../run/live/live-runs.js';
import { allServers, onServers, serversKnown } from '../settings/servers/servers.js';
import { historyRow } from './history-row.js';

const paletteHint = `Commands (${commandKey('K')})`;

class HistoryRail extends HTMLElement {
  #search = /** @type {HTMLInputElement} */ (
    h('input', { type: 'search', placeholder: 'Search history', 'aria-label': 'Search history', 'data-testid': 'history-search', autocomplete: 'off', spellcheck: 'false' })
  );
  #clear = h('button', { type: 'button', class: 'icon-button clear', 'aria-label': 'Clear the search', hidden: true }, icon('x', { size: 14 }));
  #list = h('div', { class: 'history' });
  #foot = h('span', { class: 'cut grow' });
  /** @type {string | null} */
  #open = null;
  /** @type {Map<string, string>} */
  #live = new Map();
  /** What the list was last made from. @type {unknown[]} */
  #drawn = [];
  /** @type {Map<string, { from: unknown[], element: HTMLElement }>} */
  #made = new Map();
  /** By its name: what stands above a group of rows, and the group. @type {Map<string, { title: HTMLElement, list: HTMLElement }>} */
  #days = new Map();
  /** @type {number} */
  #typing = 0;
  #soon = 0;

  connectedCallback() {
    if (this.childElementCount > 0) return;
    this.setAttribute('role', 'navigation');
    this.setAttribute('aria-label', 'History');
    this.append(this.#head(), this.#list, this.#footer(), narrowRail(this));
    roving(this.#list, '.history-open');
    this.#list.addEventListener('click', (event) => this.#clicked(event));
    this.#list.addEventListener('contextmenu', (event) => this.#menu(event));
    this.#list.addEventListener('keydown', (event) => this.#key(event));
    this.#list.addEventListener('scroll', () => {
      const left = this.#list.scrollHeight - this.#list.scrollTop - this.#list.clientHeight;
      if (left < 400 && history().loaded) moreHistory();
    });
    onHistory(() => this.#show());
    onServers(() => this.#showFoot());
    onAnyRun((run) => this.#followed(run));
    window.addEventListener('focus', () => reloadHistory());
    reloadHistory();
    this.#showFoot();
  }

  /** The run to show as open. @param {string | null} runId */
  set open(runId) {
    this.#open = runId;
    this.#show();
    this.#list.querySelector('.history-row.open')?.scrollIntoView({ block: 'nearest' });
  }

  focusSearch() {
    this.#search.focus();
    this.#search.select();
  }

  /** The keyboard goes on in it: on a question, or where it is folded, on what shows it again. */
  focus() {
    const folded = this.#list.offsetParent === null;
    const wanted = folded ? this.querySelector('.rail-narrow .show-history') : this.#list.querySelector('.history-open[tabindex="0"]');
    if (wanted instanceof HTMLElement) wanted.focus({ preventScroll: folded });
    else this.#search.focus();
  }

  #head() {
    this.#search.addEventListener('input', () => this.#typed());
    this.#search.addEventListener('keydown', (event) => {
      if (event.key === 'ArrowDown') {
        event.preventDefault();
        /** @type {HTMLElement | null} */ (this.#list.querySelector('.history-open'))?.focus();
      } else if (event.key === 'Escape' && this.#search.value !== '') {
        event.preventDefault();
        this.#clearSearch();
      }
    });
    this.#clear.addEventListener('click', () => this.#clearSearch());
    return h(
      'div',
      { class: 'rail-head' },
      h(
        'div',
        { class: 'rail-top' },
        icon('brand', { size: 16, class: 'tone-live' }),
        h('span', { class: 'brand grow' }, 'Trawl'),
        h('button', { type: 'button', class: 'icon-button', 'aria-label': 'Commands', title: paletteHint, onclick: () => send(this, 'toggle-palette') }, icon('command', { size: 15 })),
        h('button', { type: 'button', class: 'icon-button', 'aria-label': 'Hide the history', onclick: () => send(this, 'toggle-rail') }, icon('panel-left')),
      ),
      h('label', { class: 'search-field' }, icon('search', { size: 15 }), this.#search, this.#clear, h('kbd', { class: 'key' }, '/')),
      h(
        'button',
        { type: 'button', class: 'button new-question', 'data-testid': 'new-question', onclick: () => send(this, 'new-question') },
        icon('plus', { size: 15 }),
        h('span', { class: 'grow' }, 'New question'),
        h('kbd', { class: 'key' }, commandKey('N')),
      ),
    );
  }

  #footer() {
    return h(
      'div',
      { class: 'rail-foot' },
      h('button', { type: 'button', class: 'rail-servers', onclick: () => send(this, 'open-settings', { section: 'servers' }) }, icon('server'), this.#foot),
      h('button', { type: 'button', class: 'icon-button', 'data-testid': 'settings', 'aria-label': 'Settings', onclick: () => send(this, 'open-settings', {}) }, icon('settings')),
    );
  }

  #showFoot() {
    const wanted = allServers().filter((server) => server.state !== 'disabled');
    const ready = wanted.filter((server) => server.state === 'connected').length;
    const words = ready === wanted.length ? `${plural(ready, 'server')} connected` : `${ready} of ${plural(wanted.length, 'server')} connected`;
    setText(this.#foot, !serversKnown() ? '' : wanted.length === 0 ? 'No server connected' : words);
  }

  #show() {
    const { rows, words, loaded, failure } = history();
    this.#clear.hidden = this.#search.value === '';
    this.classList.toggle('searching', this.#search.value !== '');
    const now = new Date();
    const drawn = [rows, words, failure, loaded, this.#open, now.toDateString(), ...rows.map((row) => this.#live.get(row.id))];
    if (same(drawn, this.#drawn)) return;
    this.#drawn = drawn;
    if (!loaded && failure === null) return;
    const focused = this.#focused();
    if (failure !== null) {
      fill(this.#list, h('div', { class: 'history-empty' }, h('p', { class: 'history-empty-title' }, 'The history cannot be read'), h('p', null, failure)));
    } else if (rows.length === 0) {
      fill(this.#list, words === '' ? nothingYet() : this.#noMatch(words));
    } else {
      this.#showRows(rows, words, now);
    }
    const again = focused === null ? null : this.#again(focused);
    if (focused !== null) (again ?? this.#search).focus({ preventScroll: true });
    reachable(this.#list, '.history-open', again ?? (this.#open === null ? null : this.#item(this.#open)));
  }

  /** @param {import('../run/live/types.js').RunRow[]} rows @param {string} words @param {Date} now */
  #showRows(rows, words, now) {
    const before = this.#days;
    this.#days = new Map();
    const children = this.#groups(rows, words, now).flatMap(([name, list]) => {
      const day = before.get(name) ?? { title: h('h2', { class: 'history-group', hidden: name === '' }, name), list: h('div', { role: 'list', 'aria-label': name || 'Matches' }) };
      this.#days.set(name, day);
      place(day.list, list);
      return [day.title, day.list];
    });
    const count = words === '' ? [] : [h('p', { class: 'history-count', role: 'status' }, plural(history().total, 'run'))];
    place(this.#list, [...count, ...children]);
  }

  /** The row that has the keyboard, and its place. @returns {{ runId: string, place: number } | null} */
  #focused() {
    const row = this.#list.contains(document.activeElement) ? document.activeElement?.closest('.history-row') : null;
    const open = row?.querySelector('.history-open');
    if (!(open instanceof HTMLElement)) return null;
    return { runId: open.dataset.runId ?? '', place: [...this.#list.querySelectorAll('.history-open')].indexOf(open) };
  }

  /** The same row, or the one that is in its place now. @param {{ runId: string, place: number }} focused @returns {HTMLElement | null} */
  #again({ runId, place }) {
    const rows = this.#list.querySelectorAll('.history-open');
    return this.#item(runId) ?? /** @type {HTMLElement | null} */ (rows[Math.min(place, rows.length - 1)] ?? null);
  }

  /** Rows by day; those of a search stand by match, in one group. @param {import('../run/live/types.js').RunRow[]} rows @param {string} words @param {Date} now */
  #groups(rows, words, now) {
    /** @type {[string, HTMLElement[]][]} */
    const groups = [];
    const before = this.#made;
    this.#made = new Map();
    for (const row of rows) {
      const name = words === '' ? dayGroup(new Date(row.startedAt), now) : '';
      if (groups[groups.length - 1]?.[0] !== name) groups.push([name, []]);
      const from = [row, words, row.id === this.#open, now.toDateString(), this.#live.get(row.id)];
      const old = before.get(row.id);
      const element = old?.element ?? h('div');
      // The row and its buttons stay where they are: somebody may be clicking one.
      if (old === undefined || !same(old.from, from)) drawRow(element, historyRow(row, knownRun(row.id), { open: row.id === this.#open, words, now }));
      this.#made.set(row.id, { from, element });
      groups[groups.length - 1][1].push(element);
    }
    return groups;
  }

  /** @param {string} runId @returns {HTMLElement | null} */
  #item(runId) {
    return this.#list.querySelector(`[data-run-id="${CSS.escape(runId)}"]`);
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
    else this.#showSoon();
  }

  /** A plan of a thousand tasks changes its row's count a thousand times. */
  #showSoon() {
    if (this.#soon !== 0) return;
    this.#soon = window.setTimeout(() => {
      this.#soon = 0;
      this.#show();
    }, 200);
  }

  #typed() {
    this.#clear.hidden = this.#search.value === '';
    clearTimeout(this.#typing);
    this.#typing = window.setTimeout(() => searchHistory(this.#search.value), 120);
  }

  #clearSearch() {
    this.#search.value = '';
    searchHistory('');
    this.#search.focus();
  }

  /** @param {Event} event */
  #clicked(event) {
    const target = /** @type {Element} */ (event.target);
    const open = target.closest('.history-open');
    if (open instanceof HTMLElement) send(this, 'open-run', { runId: open.dataset.runId });
    const remove = target.closest('.history-delete');
    if (remove !== null) this.#askDelete(remove, remove.parentElement?.querySelector('.history-open'));
  }

  /** @param {MouseEvent} event */
  #menu(event) {
    const row = /** @type {Element} */ (event.target).closest('.history-row')?.querySelector('.history-open');
    if (!(row instanceof HTMLElement)) return;
    event.preventDefault();
    const run = history().rows.find((one) => one.id === row.dataset.runId);
    if (run === undefined) return;
    openMenu(row, [
      { label: 'Open', icon: 'corner-down-right', run: () => send(this, 'open-run', { runId: row.dataset.runId }) },
      { label: 'Ask again', icon: 'rotate-cw', run: () => send(this, 'ask', { question: run.question, continues: run.continues, fresh: true }) },
      { label: 'Delete', icon: 'trash', danger: true, run: () => this.#askDelete(row, row) },
    ]);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const row = /** @type {Element} */ (event.target).closest('.history-open');
    if (event.key === 'Delete' && row !== null) this.#askDelete(row, row);
  }

  /** @param {Element} anchor @param {Element | null | undefined} row */
  #askDelete(anchor, row) {
    const runId = row instanceof HTMLElement ? row.dataset.runId : undefined;
    if (runId === undefined) return;
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
    return h(
      'div',
      { class: 'history-empty' },
      h('p', { class: 'history-empty-title' }, `Nothing has “${words}”`),
      h('p', null, 'Questions, answers and results were searched.'),
      h('button', { type: 'button', class: 'link-button', onclick: () => this.#clearSearch() }, 'Show all questions'),
    );
  }
}

/** Leaves the row's buttons where they are. @param {HTMLElement} row @param {HTMLElement} drawn as it is to look */
function drawRow(row, drawn) {
  if (row.childElementCount === 0) become(row, drawn);
  row.className = drawn.className;
  [...row.children].forEach((child, n) => n < drawn.children.length && become(child, drawn.children[n]));
}

/** @param {unknown[]} some @param {unknown[]} others */
function same(some, others) {
  return some.length === others.length && some.every((one, place) => one === others[place]);
}

function nothingYet() {
  return h(
    'div',
    { class: 'history-empty' },
    h('p', { class: 'history-empty-title' }, 'No questions yet'),
    h('p', null, 'Every question you ask is kept here with its tasks, results and answer, on this machine only.'),
  );
}

/** What is left of the rail when it is folded. @param {HTMLElement} rail */
function narrowRail(rail) {
  const button = (/** @type {string} */ name, /** @type {string} */ label, /** @type {() => void} */ run, own = '') =>
    h('button', { type: 'button', class: `icon-button ${own}`, 'aria-label': label, title: label, onclick: run }, icon(name));
  return h(
    'div',
    { class: 'rail-narrow' },
    icon('brand', { size: 18, class: 'tone-live' }),
    button('plus', 'New question', () => send(rail, 'new-question')),
    button('command', paletteHint, () => send(rail, 'toggle-palette')),
    button('search', 'Search history', () => send(rail, 'toggle-rail', { search: true })),
    button('history', 'Past questions', () => send(rail, 'toggle-rail')),
    h('span', { class: 'grow' }),
    button('panel-left', 'Show the history', () => send(rail, 'toggle-rail'), 'show-history'),
    button('settings', 'Settings', () => send(rail, 'open-settings', {})),
  );
}

customElements.define('history-rail', HistoryRail);
export { HistoryRail };
