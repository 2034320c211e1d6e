// @ts-check
// The key of a model's server: where it is, and how it is pasted, replaced or removed. A key goes to
// Rust once and never comes back; what is shown here are words about it.

import { h, send } from '../../lib/dom.js';
import { sentence } from '../../lib/format.js';
import { draw, glyph, html, nothing } from '../../lib/view.js';
import { forgetKey, keyStatus, said, saveKey } from '../../api.js';
import { keyWords } from './model-choice.js';
import { textInput } from '../form-parts.js';

/** @typedef {import('../../run/live/types.js').KeyStatus} KeyStatus */
/** @typedef {import('../../run/live/types.js').ModelSettings} ModelSettings */

export class ModelKey {
  element = h('div', { class: 'model-key' });
  #input = textInput({ type: 'password', class: 'input mono', placeholder: 'Paste a key; it goes to the keychain', 'aria-label': 'API key', 'data-testid': 'model-key' });
  #variable = textInput({ class: 'input mono', placeholder: 'NAME_OF_VARIABLE', 'aria-label': 'Environment variable with the key' });
  /** @type {KeyStatus | null} */
  #status = null;
  /** @type {string | null} */
  #keyUrl = null;
  #expected = true;
  #replacing = false;
  /** Whether the field of the variable is open. */
  #naming = false;
  #asked = 0;
  #version = 0;
  /** @type {() => Partial<ModelSettings>} whose key it is */
  #whose;
  #changed;

  /** @param {() => Partial<ModelSettings>} whose @param {(what: 'key' | 'variable') => void} changed */
  constructor(whose, changed) {
    this.#whose = whose;
    this.#changed = changed;
    this.#input.addEventListener('input', () => (this.#version += 1));
    this.#input.addEventListener('change', () => this.#save());
    this.#input.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || !(this.#replacing || this.#input.value !== '')) return;
      event.preventDefault();
      this.#dropTyped();
      this.#replacing = false;
      this.#show();
      this.#focusFirst();
    });
    this.#variable.addEventListener('change', () => this.#changed('variable'));
  }

  get variable() {
    return this.#variable.value.trim();
  }

  /** What is typed and not kept yet. */
  get typed() {
    return this.#input.value.trim();
  }

  /** Another one with each change of the key; keeping what was typed is none. */
  get version() {
    return this.#version;
  }

  /**
   * Another server's key.
   * @param {{ variable: string, keyUrl: string | null, expected: boolean }} server `expected`: it wants a key as a rule
   */
  open({ variable, keyUrl, expected }) {
    this.#variable.value = variable;
    this.#naming = false;
    this.#keyUrl = keyUrl;
    this.#expected = expected;
    this.#replacing = false;
    this.#dropTyped();
    this.#status = null;
    this.#show();
    this.refresh();
  }

  async refresh() {
    this.#asked += 1;
    const own = this.#asked;
    try {
      const status = await keyStatus(this.#whose());
      if (own === this.#asked) this.#tell(status);
    } catch {
      // The address is wrong, which is said where it stands.
      if (own === this.#asked) this.#tell(null);
    }
  }

  #dropTyped() {
    if (this.#input.value !== '') this.#version += 1;
    this.#input.value = '';
  }

  async #save() {
    const key = this.typed;
    if (key === '') return;
    this.#asked += 1;
    const own = this.#asked;
    try {
      const status = await saveKey(this.#whose(), key);
      // Another server's key is on show by now.
      if (own !== this.#asked) return;
      this.#input.value = '';
      this.#replacing = false;
      const focused = document.activeElement === this.#input;
      this.#tell(status);
      if (focused) this.#focusFirst();
      this.#changed('key');
    } catch (error) {
      send(this.element, 'say', { text: sentence(said(error)) });
    }
  }

  async #remove() {
    this.#asked += 1;
    const own = this.#asked;
    try {
      const status = await forgetKey(this.#whose());
      if (own !== this.#asked) return;
      this.#version += 1;
      this.#tell(status);
      this.#focusFirst();
      this.#changed('key');
    } catch (error) {
      send(this.element, 'say', { text: sentence(said(error)) });
    }
  }

  /** @param {KeyStatus | null} status */
  #tell(status) {
    this.#status = status;
    this.#show();
  }

  #show() {
    const status = this.#status;
    const source = status?.source ?? null;
    const asks = source === null ? this.#expected || this.#replacing || status?.problem != null : this.#replacing;
    const kept = source?.kind === 'thisRun';
    const reason = kept ? source.reason : (status?.problem ?? '');
    const { variable } = this;
    const from = variable === '' ? 'Or take it from an environment variable: ' : html`It may also stand in the environment variable <span class="mono">${variable}</span>: `;
    const get = source === null && this.#keyUrl !== null ? html` ${this.#getKey(this.#keyUrl)}` : nothing;
    const none = html`<p class="key-none">Servers on this machine seldom want one. ${this.#link('Set a key', () => this.#replace())}</p>`;
    draw(
      this.element,
      html`<div class="key-box">${asks ? this.#input : source === null ? none : this.#known(status)}</div>
        <p class=${kept ? 'field-hint tone-warn' : 'field-hint'} role="status">${reason === '' ? '' : sentence(reason)}</p>
        <p class="field-hint" ?hidden=${!asks && source === null}>${from}${this.#link(variable === '' ? 'name one' : 'name another', () => this.#name())}. It is never written to settings.json.${get}</p>
        <div class="model-variable" ?hidden=${!this.#naming}>${this.#variable}</div>`,
    );
  }

  /** @param {KeyStatus | null} status */
  #known(status) {
    const removable = status?.source?.kind !== 'environment';
    return html`<div class="key-known" data-testid="key-known">
      ${glyph('key', { size: 15, class: status?.source?.kind === 'thisRun' ? 'tone-warn' : 'tone-ok' })}<span class="cut">${keyWords(status)}</span>
      ${status?.ends ? html`<span class="mono tone-quiet key-ends">ends in ${status.ends}</span>` : nothing}<span class="grow"></span>
      <span class="key-actions">${this.#link('Replace', () => this.#replace())}${removable ? html`<span class="tone-quiet" aria-hidden="true">·</span>${this.#link('Remove', () => this.#remove())}` : nothing}</span>
    </div>`;
  }

  #replace() {
    this.#replacing = true;
    this.#show();
    this.#input.focus();
  }

  #name() {
    this.#naming = true;
    this.#show();
    this.#variable.focus();
    this.#variable.select();
  }

  #focusFirst() {
    /** @type {HTMLElement | null} */ (this.element.querySelector('button, input'))?.focus();
  }

  /** @param {string} words @param {(event: Event) => void} act */
  #link(words, act) {
    return html`<button type="button" class="link-button" @click=${act}>${words}</button>`;
  }

  /** Its host is shown before it is opened. @param {string} url */
  #getKey(url) {
    return this.#link('Get a key', (event) => send(this.element, 'ask-link', { url, anchor: event.currentTarget }));
  }
}
