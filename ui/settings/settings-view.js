// @ts-check
// <settings-view>: the settings' own rail and the section chosen in it. A section is an element of
// its own. Sends `close-settings`.

import { h, fill, send, setText } from '../lib/dom.js';
import { icon } from '../lib/icons.js';
import { reachable, roving } from '../lib/roving.js';
import { allServers, onServers, reloadSettings } from './servers/servers.js';
import './servers/server-list.js';
import './models/model-settings.js';
import './behaviour-settings.js';
import './plain-settings.js';

/** @type {[id: string, name: string, shape: string, words: string][]} */
const sections = [
  ['servers', 'Servers', 'server', 'mcp command url environment headers tools time-out limit always allowed approval'],
  ['model', 'Model', 'cpu', 'provider key base url ollama openai anthropic context price time-out test'],
  ['behaviour', 'Behaviour', 'sliders', 'limit tasks time wait seconds reuse results again'],
  ['appearance', 'Appearance', 'palette', 'theme light dark'],
  ['data', 'Data', 'database', 'folder history settings file'],
  ['logs', 'Logs', 'scroll-text', 'log files folder results'],
  ['about', 'About', 'info', 'version licence keys shortcuts'],
];

class SettingsView extends HTMLElement {
  #section = '';
  /** By section: what stands in one is there again when it is opened again. @type {Map<string, any>} */
  #pages = new Map();
  #list = h('nav', { class: 'settings-list', 'aria-label': 'Settings' });
  #search = /** @type {HTMLInputElement} */ (h('input', { type: 'search', placeholder: 'Search settings', 'aria-label': 'Search settings', autocomplete: 'off', spellcheck: 'false' }));
  #content = h('div', { class: 'settings-content' });
  #warning = h('span', { class: 'settings-warning', hidden: true }, icon('triangle-alert', { size: 13 }), h('span'));
  /** @type {(() => void) | null} */
  #stop = null;
  /** @type {{ server: string | null, add: boolean } | null} what to open in it */
  ask = null;

  connectedCallback() {
    this.#stop = onServers(() => this.#warn());
    if (this.childElementCount === 0) this.#build();
    this.#warn();
    // The file may have changed since, by hand or by an approval.
    reloadSettings().catch(() => {});
  }

  disconnectedCallback() {
    this.#stop?.();
  }

  #build() {
    for (const [id, name, shape, words] of sections) {
      this.#list.append(
        h(
          'button',
          { type: 'button', class: 'settings-item', 'data-section': id, 'data-words': `${name} ${words}`.toLowerCase(), tabindex: -1, onclick: () => send(this, 'open-settings', { section: id }) },
          icon(shape),
          h('span', { class: 'grow' }, name),
          id === 'servers' && this.#warning,
        ),
      );
    }
    roving(this.#list, '.settings-item');
    this.#search.addEventListener('input', () => this.#filter());
    this.#search.addEventListener('keydown', (event) => this.#searchKey(event));
    this.append(
      h(
        'div',
        { class: 'settings-rail' },
        h(
          'div',
          { class: 'rail-head' },
          h(
            'div',
            { class: 'rail-top settings-top' },
            h('button', { type: 'button', class: 'icon-button', 'aria-label': 'Back', onclick: () => send(this, 'close-settings') }, icon('arrow-left')),
            h('span', { class: 'brand grow' }, 'Settings'),
            h('kbd', { class: 'key' }, 'Esc'),
          ),
          h('label', { class: 'search-field' }, icon('search', { size: 15 }), this.#search),
        ),
        this.#list,
        h('div', { class: 'rail-foot settings-foot' }, 'Changes take effect at once'),
      ),
      this.#content,
    );
  }

  set section(/** @type {string} */ wanted) {
    const section = sections.some(([id]) => id === wanted) ? wanted : 'servers';
    if (section !== this.#section) {
      this.#section = section;
      fill(this.#content, this.#pages.get(section) ?? this.#page(section));
    }
    for (const item of this.#list.querySelectorAll('.settings-item')) {
      const own = /** @type {HTMLElement} */ (item).dataset.section === section;
      if (own) item.setAttribute('aria-current', 'page');
      else item.removeAttribute('aria-current');
    }
    this.#reach();
    const page = /** @type {any} */ (this.#content.firstElementChild);
    if (this.ask !== null && section === 'servers') {
      if (this.ask.add) page.add();
      else if (this.ask.server !== null) page.edit(this.ask.server);
    }
    this.ask = null;
    if (!this.contains(document.activeElement)) /** @type {HTMLElement | null} */ (this.#list.querySelector('[aria-current]'))?.focus();
  }

  /** @param {string} section */
  #page(section) {
    const name = { servers: 'server-list', model: 'model-settings', behaviour: 'behaviour-settings' }[section] ?? 'plain-settings';
    const page = document.createElement(name);
    if (name === 'plain-settings') page.setAttribute('section', section);
    this.#pages.set(section, page);
    return page;
  }

  /** Goes on once nothing that was edited here can be lost. @param {() => void} go */
  leave(go) {
    const page = /** @type {any} */ (this.#content.firstElementChild);
    if (typeof page?.leave === 'function') page.leave(go);
    else go();
  }

  /** Saves what is edited here, where there is something to be saved. */
  save() {
    /** @type {any} */ (this.#content.firstElementChild)?.save?.();
  }

  /** Escape: first what is open in the section, then the settings. */
  back() {
    const page = /** @type {any} */ (this.#content.firstElementChild);
    if (typeof page?.back === 'function' && page.back()) return true;
    send(this, 'close-settings');
    return true;
  }

  #filter() {
    const words = this.#search.value.trim().toLowerCase();
    for (const item of this.#list.querySelectorAll('.settings-item')) {
      const element = /** @type {HTMLElement} */ (item);
      element.hidden = words !== '' && !element.dataset.words?.includes(words);
    }
    this.#reach();
  }

  #reach() {
    reachable(this.#list, '.settings-item', /** @type {HTMLElement | null} */ (this.#list.querySelector('[aria-current]')));
  }

  /** From the words to what they found. @param {KeyboardEvent} event */
  #searchKey(event) {
    const first = /** @type {HTMLElement | null} */ (this.#list.querySelector('.settings-item:not([hidden])'));
    const words = this.#search.value;
    if (event.key === 'Escape' && words !== '') {
      this.#search.value = '';
      this.#filter();
    } else if (event.key === 'Enter' && words.trim() !== '') {
      first?.click();
      first?.focus();
    } else if (event.key === 'ArrowDown') {
      first?.focus();
    } else {
      return;
    }
    event.preventDefault();
  }

  #warn() {
    const wrong = allServers().filter((server) => server.state === 'failed' || server.state === 'invalid').length;
    this.#warning.hidden = wrong === 0;
    setText(/** @type {Node} */ (this.#warning.lastElementChild), String(wrong));
  }
}

customElements.define('settings-view', SettingsView);
export { SettingsView };
