// @ts-check
// <command-palette>: Ctrl K. Commands, past questions and settings by their words; arrows move,
// Enter runs. Sends what the chosen command says.

import { listRuns } from '../api.js';
import { h, fill, send } from '../lib/dom.js';
import { onEscape } from '../lib/escape.js';
import { icon } from '../lib/icons.js';
import { shortWhen } from '../lib/days.js';
import { plural } from '../lib/format.js';
import { isComposing } from '../lib/keys.js';
import { commands, grouped, matching } from './commands.js';
import { allServers } from '../settings/servers/servers.js';
import { marked, stateIcons } from '../history/history-row.js';

/** @typedef {import('./commands.js').Command} Command */
/** @typedef {import('../run/live/types.js').Run} Run */

const QUESTIONS = 5;

class CommandPalette extends HTMLElement {
  #input = /** @type {HTMLInputElement} */ (h('input', { type: 'text', class: 'palette-input', placeholder: 'Commands, questions, settings', role: 'combobox', 'aria-expanded': 'true', 'aria-controls': 'palette-list', 'aria-label': 'Commands', autocomplete: 'off', spellcheck: 'false' }));
  #list = h('div', { class: 'palette-list', id: 'palette-list', role: 'listbox', 'aria-label': 'Commands' });
  /** @type {Command[]} */
  #all = [];
  /** @type {Command[]} */
  #questions = [];
  /** @type {Command[]} */
  #shown = [];
  #at = 0;
  #asked = 0;
  /** @type {Element | null} */
  #before = null;
  #forget = () => {};

  connectedCallback() {
    if (this.childElementCount > 0) return;
    this.hidden = true;
    const key = (/** @type {string} */ name) => h('kbd', { class: 'key' }, name);
    this.append(
      h(
        'div',
        { class: 'palette', role: 'dialog', 'aria-modal': 'true', 'aria-label': 'Commands' },
        h('div', { class: 'palette-head' }, icon('search'), this.#input, key('Esc')),
        this.#list,
        h('div', { class: 'palette-foot' }, key('↑'), key('↓'), h('span', null, 'move'), key('↵'), h('span', null, 'run')),
      ),
    );
    this.addEventListener('pointerdown', (event) => {
      if (event.target === this) this.close();
    });
    this.#input.addEventListener('input', () => this.#search());
    this.#input.addEventListener('keydown', (event) => this.#key(event));
    this.#list.addEventListener('pointermove', (event) => this.#point(event));
    this.#list.addEventListener('click', (event) => {
      if (this.#point(event)) this.#run();
    });
  }

  /** @param {Run | null} run */
  toggle(run) {
    if (!this.hidden) {
      this.close();
      return;
    }
    this.#all = commands({ run, servers: allServers() });
    this.#before = document.activeElement;
    this.#input.value = '';
    this.hidden = false;
    this.#forget = onEscape(() => this.close());
    this.#input.focus();
    this.#search();
  }

  close() {
    if (this.hidden) return;
    this.#forget();
    this.hidden = true;
    if (this.#before instanceof HTMLElement) this.#before.focus({ preventScroll: true });
  }

  async #search() {
    const words = this.#input.value.trim();
    this.#show();
    this.#asked += 1;
    const own = this.#asked;
    const page = await listRuns(words === '' ? { limit: QUESTIONS, offset: 0 } : { words, limit: QUESTIONS, offset: 0 }).catch(() => ({ runs: [] }));
    if (own !== this.#asked) return;
    this.#questions = page.runs.map((row) => ({
      group: 'Questions',
      icon: row.state === 'running' ? 'circle' : (stateIcons[row.state] ?? stateIcons.finished)[0],
      label: row.question.split('\n', 1)[0].slice(0, 160),
      note: `${shortWhen(new Date(row.startedAt), new Date())} · ${plural(row.taskCount, 'task')}`,
      send: ['open-run', { runId: row.id }],
    }));
    this.#show();
  }

  #show() {
    const words = this.#input.value.trim();
    const found = matching(this.#all, words);
    const groups = grouped([...found.filter(({ group }) => group === 'This run'), ...this.#questions, ...found.filter(({ group }) => group !== 'This run')]);
    this.#shown = groups.flatMap(([, list]) => list);
    this.#at = 0;
    let place = 0;
    fill(
      this.#list,
      groups.map(([group, list]) => h('div', { role: 'group', 'aria-label': group }, h('p', { class: 'palette-group' }, group), list.map((command) => this.#row(command, words, place++)))),
      groups.length === 0 && h('p', { class: 'palette-none' }, `Nothing is called “${words}”.`),
    );
    this.#mark();
  }

  /** @param {Command} command @param {string} words @param {number} place */
  #row(command, words, place) {
    return h(
      'div',
      { class: 'palette-row', role: 'option', id: `palette-${place}`, 'data-place': place },
      icon(command.icon),
      h('span', { class: 'palette-label cut' }, marked(command.label, words)),
      command.note && h('span', { class: 'palette-note cut grow' }, command.note),
      command.key && h('kbd', { class: 'key' }, command.key),
    );
  }

  #mark() {
    for (const row of this.#list.querySelectorAll('.palette-row')) {
      const own = Number(/** @type {HTMLElement} */ (row).dataset.place) === this.#at;
      row.setAttribute('aria-selected', String(own));
      if (own) row.scrollIntoView({ block: 'nearest' });
    }
    this.#input.setAttribute('aria-activedescendant', `palette-${this.#at}`);
  }

  /** @param {Event} event @returns {boolean} whether it is over a row */
  #point(event) {
    const row = event.target instanceof Element ? event.target.closest('.palette-row') : null;
    if (!(row instanceof HTMLElement)) return false;
    const place = Number(row.dataset.place);
    if (place !== this.#at) {
      this.#at = place;
      this.#mark();
    }
    return true;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (isComposing(event)) return;
    const by = { ArrowUp: -1, ArrowDown: 1, PageUp: -6, PageDown: 6 }[event.key];
    if (by !== undefined) {
      event.preventDefault();
      this.#at = Math.max(0, Math.min(this.#shown.length - 1, this.#at + by));
      this.#mark();
    } else if (event.key === 'Enter') {
      event.preventDefault();
      this.#run();
    } else if (event.key === 'Tab') {
      event.preventDefault();
    }
  }

  #run() {
    const command = this.#shown[this.#at];
    if (command === undefined) return;
    this.close();
    const [name, detail] = command.send;
    send(this, name, detail);
  }
}

customElements.define('command-palette', CommandPalette);
export { CommandPalette };
