// @ts-check
// One small real call to a model, and how it went.

import { h, fill } from '../lib/dom.js';
import { icon } from '../lib/icons.js';
import { sentence } from '../lib/format.js';
import { said, testModel } from '../api.js';
import { testWords } from '../state/model-choice.js';

/** @typedef {import('../state/types.js').ModelSettings} ModelSettings */

export class ModelTest {
  #button = /** @type {HTMLButtonElement} */ (h('button', { type: 'button', class: 'button', 'data-testid': 'test-model' }, icon('play', { size: 14 }), 'Test'));
  #outcome = h('div', { class: 'model-outcome', role: 'status', 'data-testid': 'model-outcome' });
  element = h('div', { class: 'model-test' }, this.#button, this.#outcome);
  #asked = 0;

  /** @param {() => { model: Partial<ModelSettings>, key: string }} what */
  constructor(what) {
    this.#button.addEventListener('click', () => this.#run(what()));
  }

  /** What was said of another model is void. */
  clear() {
    this.#asked += 1;
    this.#button.disabled = false;
    this.#outcome.replaceChildren();
  }

  /** @param {{ model: Partial<ModelSettings>, key: string }} what */
  async #run({ model, key }) {
    this.clear();
    const own = this.#asked;
    this.#button.disabled = true;
    fill(this.#outcome, icon('ring', { class: 'tone-live' }), h('span', null, 'Asking'));
    /** @type {import('../state/types.js').ModelTest} */
    const test = await testModel(model, key || undefined).catch((error) => ({ ok: false, code: error?.code, message: said(error) }));
    if (own !== this.#asked) return;
    this.#button.disabled = false;
    const message = test.message ?? '';
    fill(
      this.#outcome,
      icon(test.ok ? 'circle-check' : 'circle-x', { class: test.ok ? 'tone-ok' : 'tone-bad' }),
      h('strong', { class: test.ok ? '' : 'tone-bad' }, testWords(test)),
      h('span', { class: test.ok ? 'tone-quiet cut' : '', title: test.ok ? message : null }, test.ok ? `“${message.replace(/\s+/g, ' ')}”` : sentence(message)),
    );
    // It lost the focus as it was switched off; whoever went elsewhere meanwhile stays there.
    if (document.activeElement === document.body) this.#button.focus();
  }
}
