// @ts-check
// One small real call to a model, and how it went.

import { h, fill } from '../../lib/dom.js';
import { icon } from '../../lib/icons.js';
import { sentence } from '../../lib/format.js';
import { said, testModel } from '../../api.js';
import { testWords } from './model-choice.js';
import { answered, begun, standing, untested } from './test-outcome.js';

/** @typedef {import('./test-outcome.js').Subject} Subject */
/** @typedef {import('../../run/live/types.js').ModelTest} Outcome */

export class ModelTest {
  #button = /** @type {HTMLButtonElement} */ (h('button', { type: 'button', class: 'button', 'data-testid': 'test-model' }, icon('play', { size: 14 }), 'Test'));
  #outcome = h('div', { class: 'model-outcome', role: 'status', 'data-testid': 'model-outcome' });
  element = h('div', { class: 'model-test' }, this.#button, this.#outcome);
  #trial = untested;
  #what;

  /** @param {() => Subject} what stands on the page */
  constructor(what) {
    this.#what = what;
    this.#button.addEventListener('click', () => this.#run());
  }

  /** What was said of another model is void. */
  check() {
    const trial = standing(this.#trial, this.#what());
    if (trial === this.#trial) return;
    this.#trial = trial;
    this.#button.disabled = false;
    this.#outcome.replaceChildren();
  }

  async #run() {
    const subject = this.#what();
    this.#trial = begun(subject);
    if (subject.model.model == null) {
      this.#tell({ ok: false, code: 'no_model', message: 'choose one in the list above' });
      return;
    }
    this.#button.disabled = true;
    fill(this.#outcome, icon('ring', { class: 'tone-live' }), h('span', null, 'Asking'));
    const outcome = await testModel(subject.model, subject.key || undefined).catch((error) => ({ ok: false, code: error?.code, message: said(error) }));
    const trial = answered(this.#trial, subject, outcome);
    if (trial === this.#trial) return;
    this.#trial = trial;
    this.#button.disabled = false;
    this.#tell(outcome);
    // It lost the focus as it was switched off; whoever went elsewhere meanwhile stays there.
    if (document.activeElement === document.body) this.#button.focus();
  }

  /** @param {Outcome} outcome */
  #tell(outcome) {
    const { ok } = outcome;
    const message = outcome.message ?? '';
    fill(
      this.#outcome,
      icon(ok ? 'circle-check' : 'circle-x', { class: ok ? 'tone-ok' : 'tone-bad' }),
      h('strong', { class: ok ? '' : 'tone-bad' }, testWords(outcome)),
      h('span', { class: ok ? 'tone-quiet cut' : '', title: ok ? message : null }, ok ? `“${message.replace(/\s+/g, ' ')}”` : sentence(message)),
    );
  }
}
