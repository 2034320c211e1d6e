// @ts-check
// The models that a server lists, with what they read, and a search that also takes a name that is
// not in the list. What was typed is what Enter takes; a row is chosen by arrow or click.

import { h } from '../../lib/dom.js';
import { icon } from '../../lib/icons.js';
import { plural } from '../../lib/format.js';
import { roving, reachable } from '../../lib/roving.js';
import { draw, each, glyph, html, nothing } from '../../lib/view.js';
import { contextWords, typedModel } from './model-choice.js';
import { textInput } from '../form-parts.js';

/** @typedef {import('../../run/live/types.js').OfferedModel} OfferedModel */

/** More are found by searching. */
const MOST_ROWS = 200;

export class ModelList {
  #search = textInput({ class: 'model-search', type: 'search', 'aria-label': 'Search models' });
  #rows = h('div', { class: 'model-list', role: 'listbox', 'aria-label': 'Models' });
  element = h('div', { class: 'model-box' }, h('label', { class: 'model-search-row' }, icon('search', { size: 15 }), this.#search), this.#rows);
  /** @type {OfferedModel[]} */
  #models = [];
  #chosen = '';
  #choose;

  /** @param {(name: string) => void} choose */
  constructor(choose) {
    this.#choose = choose;
    this.#search.addEventListener('input', () => this.#show());
    this.#search.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && this.#search.value.trim() !== '') {
        event.preventDefault();
        this.#take(typedModel(this.#search.value, this.#models).name);
      } else if (event.key === 'Escape' && this.#search.value !== '') {
        event.preventDefault();
        this.#search.value = '';
        this.#show();
      } else if (event.key === 'ArrowDown') {
        event.preventDefault();
        /** @type {HTMLElement | null} */ (this.#rows.querySelector('.model-row'))?.focus();
      }
    });
    roving(this.#rows, '.model-row');
  }

  /** @param {OfferedModel[]} models @param {string} chosen */
  show(models, chosen) {
    this.#models = models;
    this.#chosen = chosen;
    this.#show();
  }

  /** @param {string} name */
  #take(name) {
    this.#search.value = '';
    this.#chosen = name;
    this.#show();
    this.#choose(name);
  }

  #shown() {
    const words = this.#search.value.trim().toLowerCase();
    return this.#models.filter(({ name }) => name.toLowerCase().includes(words));
  }

  #show() {
    const searched = this.#search.value.trim();
    const listed = this.#models.some(({ name }) => name === this.#chosen);
    const shown = this.#chosen !== '' && !listed && searched === '' ? [{ name: this.#chosen }, ...this.#shown()] : this.#shown();
    this.#search.placeholder = this.#models.length > 0 ? `Search ${plural(this.#models.length, 'model')}` : 'Name of the model';
    const note = (/** @type {boolean} */ is, /** @type {string} */ words) => (is ? html`<p class="model-none">${words}</p>` : nothing);
    draw(
      this.#rows,
      html`${note(searched !== '' && !typedModel(searched, this.#models).listed, `Enter uses “${searched}”`)}${each(
        shown.slice(0, MOST_ROWS),
        ({ name }) => name,
        (model) => this.#row(model),
      )}${note(shown.length > MOST_ROWS, `${plural(shown.length - MOST_ROWS, 'more model')}: search for one`)}`,
    );
    reachable(this.#rows, '.model-row', /** @type {HTMLElement | null} */ (this.#rows.querySelector('[aria-selected=true]')));
  }

  /** @param {OfferedModel} model */
  #row({ name, contextTokens }) {
    const own = name === this.#chosen;
    // Which row Tab reaches is `reachable`'s to say.
    return html`<button type="button" class="model-row" role="option" data-testid="model" aria-selected=${String(own)} tabindex="-1" title=${name} @click=${() => this.#take(name)}>
      <span class="model-tick">${own ? glyph('check', { size: 14 }) : nothing}</span><span class="cut grow">${name}</span><span class="model-note">${contextWords(contextTokens)}</span>
    </button>`;
  }
}
