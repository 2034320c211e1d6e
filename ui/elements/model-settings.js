// @ts-check
// <model-settings>: which language model plans and writes, or none. Every change is kept at once;
// Test makes one small real call.

import { h, fill, send } from '../lib/dom.js';
import { icon } from '../lib/icons.js';
import { duration, plural, sentence } from '../lib/format.js';
import { detectModels, listModels, presets, said, saveModel, testModel } from '../api.js';
import { allSettings, onServers, reloadSettings } from '../state/servers.js';
import { cardsOf, presetOf } from '../state/model-choice.js';
import { field, textInput } from './form-parts.js';

/** @typedef {import('../state/types.js').Preset} Preset */
/** @typedef {import('../state/types.js').ModelSettings} ModelSettings */

const keyWords = {
  keychain: 'In keychain',
  env: 'From the environment',
  run: 'Kept until Trawl closes: no keychain could be used here',
  none: '',
};

class ModelSettingsPage extends HTMLElement {
  /** @type {Preset[]} */
  #presets = [];
  #chosen = 'builtin';
  /** @type {string[]} */
  #models = [];
  #model = '';
  #filter = '';
  #cards = h('div', { class: 'cards', role: 'radiogroup', 'aria-label': 'Provider' });
  #rows = h('div', { class: 'model-rows' });
  #url = textInput({ class: 'input mono', inputmode: 'url' });
  #key = textInput({ type: 'password', class: 'input mono', placeholder: 'Paste a key; it goes to the keychain' });
  #variable = textInput({ class: 'input mono', placeholder: 'OPENAI_API_KEY' });
  #search = textInput({ class: 'model-search', type: 'search' });
  #list = h('div', { class: 'model-list', role: 'listbox', 'aria-label': 'Models' });
  #listed = h('p', { class: 'field-hint', role: 'status' });
  #keySaid = h('p', { class: 'field-hint', role: 'status' });
  #outcome = h('div', { class: 'model-outcome', role: 'status' });
  #test = /** @type {HTMLButtonElement} */ (h('button', { type: 'button', class: 'button' }, icon('play', { size: 14 }), 'Test'));
  #urlField = field('Base URL', this.#url);
  #keyField = field('API key', this.#key);
  #loaded = false;
  #asked = 0;
  /** @type {(() => void) | null} */
  #stop = null;

  connectedCallback() {
    this.#stop = onServers(() => this.#settingsCame());
    if (this.childElementCount > 0) return;
    this.append(
      h(
        'section',
        { class: 'settings-page' },
        h('header', { class: 'top-bar settings-bar' }, h('h1', { class: 'settings-title' }, 'Model')),
        h('div', { class: 'settings-scroll narrow' }, h('p', { class: 'settings-lead' }, 'The model writes the plan and the answer: two calls a question. Tool calls never pass through it.'), this.#cards, this.#rows),
      ),
    );
    this.#url.addEventListener('change', () => this.#changed(true));
    this.#key.addEventListener('change', () => this.#changed(true));
    this.#variable.addEventListener('change', () => this.#changed(true));
    this.#search.addEventListener('input', () => {
      this.#filter = this.#search.value;
      this.#showModels();
    });
    this.#search.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && this.#search.value.trim() !== '') {
        event.preventDefault();
        this.#choose(this.#shown()[0] ?? this.#search.value.trim());
      }
    });
    this.#test.addEventListener('click', () => this.#tests());
    this.#cards.addEventListener('keydown', (event) => this.#cardKey(event));
    this.#begin();
  }

  disconnectedCallback() {
    this.#stop?.();
  }

  async #begin() {
    this.#presets = await presets().catch(() => []);
    this.#settingsCame();
    const found = await detectModels().catch(() => []);
    if (found.length > 0) this.#listed.textContent = `Running on this machine: ${found.map((one) => one.name).join(', ')}.`;
  }

  #settingsCame() {
    if (this.#loaded || this.#presets.length === 0 || allSettings().version === '') return;
    this.#loaded = true;
    const model = /** @type {ModelSettings} */ (allSettings().settings.model ?? { provider: 'builtin' });
    this.#chosen = presetOf(model, this.#presets);
    this.#url.value = model.baseUrl ?? this.#preset()?.baseUrl ?? '';
    this.#variable.value = model.apiKeyEnv ?? '';
    this.#model = model.model ?? '';
    this.#show();
    if (this.#chosen !== 'builtin') this.#fetchModels();
  }

  /** @returns {Preset | undefined} */
  #preset() {
    return this.#presets.find((preset) => preset.id === this.#chosen);
  }

  #show() {
    fill(
      this.#cards,
      cardsOf(this.#presets).map(({ id, name, note }) =>
        h(
          'button',
          { type: 'button', class: 'card', role: 'radio', 'data-id': id, 'aria-checked': String(id === this.#chosen), tabindex: id === this.#chosen ? 0 : -1, onclick: () => this.#provider(id) },
          h('span', { class: 'choice' }),
          h('span', { class: 'grow' }, h('span', { class: 'card-name' }, name), h('span', { class: 'card-note' }, note)),
        ),
      ),
    );
    const preset = this.#preset();
    if (this.#chosen === 'builtin' || preset === undefined) {
      fill(this.#rows, h('p', { class: 'settings-lead' }, 'Trawl chooses tools by the words of the question and lists what they found, counted and cited. Nothing leaves this machine but the calls to your servers.'));
      return;
    }
    this.#search.setAttribute('aria-label', 'Search models');
    const key = preset.needsKey || preset.id === 'other';
    fill(
      this.#rows,
      row('Base URL', this.#urlField.element),
      key && row('API key', h('div', null, this.#keyField.element, this.#keySaid, this.#variableHint(), preset.keyUrl && this.#keyLink(preset.keyUrl))),
      row('Model', h('div', null, h('div', { class: 'model-box' }, h('label', { class: 'model-search-row' }, icon('search', { size: 15 }), this.#search), this.#list), this.#listed)),
      h('div', { class: 'model-test' }, this.#test, this.#outcome),
    );
    this.#variable.setAttribute('aria-label', 'Environment variable with the key');
    this.#showModels();
  }

  /** The field for a variable's name appears when it is asked for. */
  #variableHint() {
    const field = h('div', { class: 'model-variable', hidden: this.#variable.value === '' }, this.#variable);
    const show = () => {
      field.hidden = false;
      this.#variable.focus();
    };
    return h('div', null, h('p', { class: 'field-hint' }, 'Or take it from an environment variable: ', h('button', { type: 'button', class: 'link-button', onclick: show }, 'name one'), '. It is never written to settings.json.'), field);
  }

  /** @param {string} url */
  #keyLink(url) {
    return h('button', { type: 'button', class: 'link-button', onclick: (/** @type {Event} */ event) => send(this, 'ask-link', { url, anchor: event.currentTarget }) }, 'Get a key');
  }

  #shown() {
    const words = this.#filter.trim().toLowerCase();
    return this.#models.filter((name) => name.toLowerCase().includes(words));
  }

  #showModels() {
    const shown = this.#shown();
    const names = this.#model !== '' && !this.#models.includes(this.#model) && this.#filter === '' ? [this.#model, ...shown] : shown;
    this.#search.placeholder = this.#models.length > 0 ? `Search ${plural(this.#models.length, 'model')}` : 'Name of the model';
    fill(
      this.#list,
      names.slice(0, 200).map((name) =>
        h('button', { type: 'button', class: 'model-row', role: 'option', 'aria-selected': String(name === this.#model), onclick: () => this.#choose(name) }, h('span', { class: 'model-tick' }, name === this.#model && icon('check', { size: 14 })), h('span', { class: 'cut' }, name)),
      ),
      names.length === 0 && this.#filter !== '' && h('p', { class: 'model-none' }, `Enter uses “${this.#filter}”`),
    );
  }

  /** @param {string} id */
  #provider(id) {
    this.#chosen = id;
    this.#url.value = this.#preset()?.baseUrl ?? '';
    this.#key.value = '';
    this.#variable.value = '';
    this.#model = '';
    this.#models = [];
    this.#listed.textContent = '';
    this.#outcome.replaceChildren();
    this.#show();
    /** @type {HTMLElement | null} */ (this.#cards.querySelector('[aria-checked=true]'))?.focus();
    if (id === 'builtin') this.#save();
    else this.#fetchModels();
  }

  /** @param {KeyboardEvent} event */
  #cardKey(event) {
    const by = { ArrowLeft: -1, ArrowUp: -3, ArrowRight: 1, ArrowDown: 3 }[event.key];
    const cards = [...this.#cards.querySelectorAll('.card')];
    const next = by === undefined ? undefined : cards[cards.indexOf(/** @type {Element} */ (event.target)) + by];
    if (!(next instanceof HTMLElement)) return;
    event.preventDefault();
    next.click();
  }

  /** @param {string} name */
  #choose(name) {
    this.#model = name;
    this.#filter = '';
    this.#search.value = '';
    this.#outcome.replaceChildren();
    this.#showModels();
    this.#save();
  }

  /** @returns {ModelSettings} */
  #settings() {
    if (this.#chosen === 'builtin') return { provider: 'builtin', baseUrl: null, model: null, apiKeyEnv: null };
    return {
      ...allSettings().settings.model,
      provider: this.#preset()?.provider ?? 'openai',
      baseUrl: this.#url.value.trim() || null,
      model: this.#model || null,
      apiKeyEnv: this.#variable.value.trim() || null,
    };
  }

  /** @param {boolean} fetches */
  async #changed(fetches) {
    this.#outcome.replaceChildren();
    await this.#save();
    if (fetches) this.#fetchModels();
  }

  async #save() {
    const key = this.#key.value.trim();
    try {
      const { keyStored, message } = await saveModel(this.#settings(), key || undefined);
      this.#keySaid.textContent = message ? sentence(message) : keyWords[keyStored];
      if (key !== '') this.#key.value = '';
      await reloadSettings();
    } catch (error) {
      send(this, 'say', { text: said(error) });
    }
  }

  async #fetchModels() {
    this.#asked += 1;
    const own = this.#asked;
    try {
      const models = await listModels(this.#settings());
      if (own !== this.#asked) return;
      this.#models = models;
      this.#listed.textContent = models.length === 0 ? 'The server lists no models. Type the name of one.' : '';
      this.#urlField.complain('');
    } catch (error) {
      if (own !== this.#asked) return;
      this.#models = [];
      this.#listed.textContent = sentence(said(error));
    }
    this.#showModels();
  }

  async #tests() {
    this.#test.disabled = true;
    fill(this.#outcome, icon('ring', { class: 'tone-live' }), h('span', null, 'Asking'));
    try {
      const { ok, latencyMs, tokensPerSecond, message } = await testModel(this.#settings(), this.#key.value.trim() || undefined);
      const speed = [tokensPerSecond != null && `${Math.round(tokensPerSecond)} tok/s`, latencyMs != null && `answered in ${duration(latencyMs)}`].filter(Boolean).join(', ');
      fill(this.#outcome, icon(ok ? 'circle-check' : 'circle-x', { class: ok ? 'tone-ok' : 'tone-bad' }), ok ? h('strong', null, speed || 'Works') : null, h('span', { class: ok ? 'tone-quiet' : '' }, sentence(message ?? '')));
    } catch (error) {
      fill(this.#outcome, icon('circle-x', { class: 'tone-bad' }), h('span', null, sentence(said(error))));
    }
    this.#test.disabled = false;
  }
}

/** @param {string} name @param {HTMLElement} content */
function row(name, content) {
  return h('div', { class: 'settings-row' }, h('span', { class: 'settings-row-name' }, name), h('div', { class: 'grow' }, content));
}

customElements.define('model-settings', ModelSettingsPage);
export { ModelSettingsPage };
