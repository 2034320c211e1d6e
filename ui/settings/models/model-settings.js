// @ts-check
// <model-settings>: which language model plans and writes, or none. A card is a draft until a model
// is chosen on it: until then, what worked before goes on. Everything else is kept at once.

import { h, fill, send } from '../../lib/dom.js';
import { icon } from '../../lib/icons.js';
import { duration, sentence } from '../../lib/format.js';
import { listModels, presets, said, saveModel } from '../../api.js';
import { allSettings, onServers, reloadSettings } from '../servers/servers.js';
import { detect, detected, detecting, detectionKnown, onDetected } from './detected.js';
import { cardsOf, draftOf, offersOf, presetOf } from './model-choice.js';
import { contextSetting, priceSettings, timeOutSettings } from '../limits.js';
import { isSameServer } from './test-outcome.js';
import { keepLimit } from '../behaviour-settings.js';
import { field, textInput } from '../form-parts.js';
import { ModelKey } from './model-key.js';
import { ModelList } from './model-list.js';
import { ModelTest } from './model-test.js';
import { numberSetting } from '../number-settings.js';
import './detected-models.js';

/** @typedef {import('../../run/live/types.js').Preset} Preset */
/** @typedef {import('../../run/live/types.js').ModelSettings} ModelSettings */

class ModelSettingsPage extends HTMLElement {
  /** @type {Preset[]} */
  #presets = [];
  #chosen = 'builtin';
  /** Whether questions are answered by what the page shows. */
  #used = true;
  #model = '';
  #asked = 0;
  /** Whose models are listed, or were asked for last. @type {Partial<ModelSettings>} */
  #server = {};
  #loaded = false;
  #cards = h('div', { class: 'cards', role: 'radiogroup', 'aria-label': 'Provider' });
  #rows = h('div', { class: 'model-rows' });
  /** Stays in its place whatever is told above it: nothing moves away under a click. */
  #foot = h('footer', { class: 'model-foot', hidden: true });
  #url = textInput({ class: 'input mono', inputmode: 'url', 'data-testid': 'model-url' });
  #reached = h('span', { class: 'url-reached', role: 'status' });
  #urlField = field('Base URL', this.#url);
  #key = new ModelKey(() => this.#draft(), (what) => (what === 'variable' ? this.#serverChanged() : this.#keyChanged()));
  #list = new ModelList((name) => this.#choose(name));
  #listed = h('p', { class: 'field-hint', role: 'status' });
  #unused = h('p', { class: 'field-hint' });
  #test = new ModelTest(() => ({ model: this.#draft(), key: this.#key.typed, keyVersion: this.#key.version }));
  #context = numberSetting(contextSetting, (value) => keepLimit('contextTokens', value));
  #times = timeOutSettings.map((setting) => ({ key: setting.key, part: numberSetting(setting, (value) => keep({ [setting.key]: value })) }));
  #prices = priceSettings.map((setting) => ({ key: setting.key, part: numberSetting(setting, (value) => keep({ pricePerMillion: { [setting.key]: value } })) }));
  #local = /** @type {HTMLElement} */ (document.createElement('detected-models'));
  #localSaid = h('p', { class: 'settings-lead', role: 'status' });
  /** @type {(() => void)[]} */
  #stops = [];

  connectedCallback() {
    this.#stops = [onServers(() => this.#settingsCame()), onDetected(() => this.#showLocal())];
    detect();
    if (this.childElementCount > 0) {
      // Another model may have been chosen elsewhere.
      if (this.#loaded) this.#load();
      return;
    }
    this.append(
      h(
        'section',
        { class: 'settings-page' },
        h('header', { class: 'top-bar settings-bar' }, h('h1', { class: 'settings-title' }, 'Model')),
        h('div', { class: 'settings-scroll narrow' }, h('p', { class: 'settings-lead' }, 'The model writes the plan and the answer: two calls per question. Tool calls never pass through it.'), this.#cards, this.#rows),
        this.#foot,
      ),
    );
    this.#url.addEventListener('change', () => this.#serverChanged());
    this.#foot.append(this.#test.element);
    // Outside of a form, Enter alone is no change to every web view.
    this.#url.addEventListener('keydown', (event) => event.key === 'Enter' && this.#askServer());
    this.#cards.addEventListener('keydown', (event) => this.#cardKey(event));
    this.#local.addEventListener('used-model', () => {
      this.#load();
      this.#focusCard();
    });
    presets()
      .then((all) => {
        this.#presets = all;
        this.#settingsCame();
      })
      .catch((error) => send(this, 'say', { text: said(error) }));
  }

  disconnectedCallback() {
    for (const stop of this.#stops) stop();
  }

  #settingsCame() {
    if (this.#presets.length === 0 || allSettings().version === '') return;
    this.#showNumbers();
    if (!this.#loaded) this.#load();
  }

  /** What is in use. */
  #load() {
    this.#loaded = true;
    this.#open(presetOf(saved(), this.#presets));
    this.#used = true;
    this.#showUse();
  }

  /** @param {string} id of a card */
  #open(id) {
    this.#chosen = id;
    const preset = this.#preset();
    const draft = draftOf(preset, saved(), this.#presets);
    this.#used = id === presetOf(saved(), this.#presets);
    this.#url.value = draft.baseUrl;
    this.#model = draft.model;
    this.#listed.textContent = '';
    this.#urlField.complain('');
    this.#list.show([], draft.model);
    this.#show();
    this.#foot.hidden = preset === undefined;
    if (preset !== undefined) this.#key.open({ variable: draft.apiKeyEnv, keyUrl: preset.keyUrl ?? null, expected: preset.needsKey || preset.id === 'other' });
    this.#test.check();
    if (preset !== undefined) this.#fetchModels();
  }

  /** @returns {Preset | undefined} none for the built-in planner */
  #preset() {
    return this.#chosen === 'builtin' ? undefined : this.#presets.find((preset) => preset.id === this.#chosen);
  }

  #show() {
    fill(
      this.#cards,
      cardsOf(this.#presets).map(({ id, name, note }) =>
        h(
          'button',
          { type: 'button', class: 'card', role: 'radio', 'data-id': id, 'aria-checked': String(id === this.#chosen), tabindex: id === this.#chosen ? 0 : -1, onclick: () => this.#provider(id) },
          h('span', { class: 'choice' }),
          h('span', { class: 'grow card-words' }, h('span', { class: 'card-name' }, name), h('span', { class: 'card-note', title: note }, note)),
        ),
      ),
    );
    if (this.#preset() === undefined) {
      fill(
        this.#rows,
        h('p', { class: 'settings-lead' }, 'Trawl chooses tools by the words of the question and lists what they found, counted and cited. Nothing leaves this machine but the calls to your servers.'),
        h('div', { class: 'local-head' }, h('h2', { class: 'settings-heading grow' }, 'Running on this machine'), h('button', { type: 'button', class: 'button small', onclick: () => detect({ again: true }) }, icon('rotate-cw', { size: 14 }), 'Look again')),
        this.#localSaid,
        this.#local,
      );
      this.#showLocal();
      return;
    }
    fill(
      this.#rows,
      row('Base URL', h('div', { class: 'url-field' }, this.#urlField.element, this.#reached)),
      row('API key', this.#key.element),
      row('Model', h('div', null, this.#list.element, h('div', { class: 'model-said' }, this.#unused, this.#listed))),
      row('Context budget', h('div', { class: 'number-line' }, this.#context.element, h('span', { class: 'number-words' }, 'tokens the model may read; what does not fit is cut, and the answer says so'))),
      row('Time-outs', h('div', { class: 'field-three' }, this.#times.map(({ part }) => part.element)), true),
      row('Price', h('div', null, h('div', { class: 'field-three' }, this.#prices.map(({ part }) => part.element)), h('p', { class: 'field-hint' }, 'Per million tokens, in your own currency. Each answer then shows what it cost.')), true),
    );
    this.#showUse();
  }

  #showUse() {
    const now = allSettings().modelName;
    const goesOn = this.#used ? '' : `Until a model is chosen here, ${now ?? 'the built-in planner'} goes on planning and writing.`;
    this.#unused.textContent = this.#used && this.#model === '' ? 'No model is chosen yet.' : goesOn;
  }

  #showLocal() {
    const none = detectionKnown() && detected().length === 0;
    const looks = detecting() ? 'Looking for models on this machine.' : '';
    this.#localSaid.textContent = none ? 'No model runs on this machine. Trawl looks for Ollama (port 11434), LM Studio (1234), llama.cpp (8080) and vLLM (8000): start one, then look again.' : looks;
    this.#localSaid.hidden = this.#localSaid.textContent === '' || offersOf(detected()).length > 0;
  }

  #showNumbers() {
    const { model, limits } = allSettings().settings;
    this.#context.show(limits?.contextTokens);
    for (const { key, part } of this.#times) part.show(model?.[key]);
    for (const { key, part } of this.#prices) part.show(model?.pricePerMillion?.[key]);
  }

  /** @param {string} id */
  #provider(id) {
    if (id === this.#chosen) return;
    this.#open(id);
    this.#focusCard();
    if (id === 'builtin') this.#save({ provider: 'builtin' });
  }

  #focusCard() {
    /** @type {HTMLElement | null} */ (this.#cards.querySelector('[aria-checked=true]'))?.focus();
  }

  /** @param {KeyboardEvent} event */
  #cardKey(event) {
    const columns = getComputedStyle(this.#cards).gridTemplateColumns.split(' ').length;
    const by = { ArrowLeft: -1, ArrowUp: -columns, ArrowRight: 1, ArrowDown: columns }[event.key];
    const cards = [...this.#cards.querySelectorAll('.card')];
    const next = by === undefined ? undefined : cards[cards.indexOf(/** @type {Element} */ (event.target)) + by];
    if (!(next instanceof HTMLElement)) return;
    event.preventDefault();
    next.click();
  }

  /** @returns {Partial<ModelSettings>} as it stands on the page */
  #draft() {
    return { provider: this.#preset()?.provider ?? 'openai', baseUrl: this.#url.value.trim() || null, model: this.#model || null, apiKeyEnv: this.#key.variable || null, ...timeOuts() };
  }

  /** @param {string} name */
  #choose(name) {
    this.#model = name;
    this.#used = true;
    this.#test.check();
    this.#save(this.#draft());
  }

  /** Another address, or another variable with its key. A field that is left tells again what Enter has told. */
  #serverChanged() {
    if (!isSameServer(this.#draft(), this.#server)) this.#askServer();
  }

  async #askServer() {
    this.#server = this.#draft();
    this.#test.check();
    if (this.#used) await this.#save(this.#draft());
    this.#key.refresh();
    this.#fetchModels();
  }

  #keyChanged() {
    this.#test.check();
    this.#fetchModels();
  }

  /** @param {Partial<ModelSettings>} model */
  async #save(model) {
    try {
      await keep(model);
      this.#used = this.#chosen === 'builtin' || this.#model !== '';
    } catch (error) {
      send(this, 'say', { text: sentence(said(error)) });
    }
    this.#showUse();
  }

  async #fetchModels() {
    this.#server = this.#draft();
    this.#asked += 1;
    const own = this.#asked;
    const began = performance.now();
    fill(this.#reached);
    if (this.#chosen === 'other' && this.#url.value.trim() === '') {
      // Without an address it would be OpenAI that is asked.
      this.#urlField.complain('');
      this.#listed.textContent = 'Type the address of the server first, as in http://127.0.0.1:8080/v1.';
      this.#list.show([], this.#model);
      return;
    }
    try {
      const models = await listModels(this.#draft());
      if (own !== this.#asked) return;
      this.#listed.textContent = models.length === 0 ? 'The server lists no models. Type the name of one.' : '';
      this.#urlField.complain('');
      fill(this.#reached, icon('circle-check', { size: 14, class: 'tone-ok' }), `Reached in ${duration(performance.now() - began)}`);
      this.#list.show(models, this.#model);
    } catch (error) {
      if (own !== this.#asked) return;
      const code = /** @type {any} */ (error)?.code;
      const ofUrl = code === 'bad_address' || code === 'wrong_address' || code === 'unreachable';
      this.#urlField.complain(ofUrl ? sentence(said(error)) : '');
      this.#listed.textContent = ofUrl ? '' : sentence(said(error));
      this.#list.show([], this.#model);
    }
  }
}

/** @returns {ModelSettings} */
function saved() {
  const model = allSettings().settings.model;
  return { ...model, provider: model?.provider ?? 'builtin' };
}

/** A test waits as long as a question would. */
function timeOuts() {
  const model = saved();
  return Object.fromEntries(timeOutSettings.map(({ key }) => [key, model[key]]).filter(([, value]) => value !== undefined));
}

/** @param {Partial<ModelSettings>} model */
async function keep(model) {
  await saveModel(model);
  await reloadSettings();
}

/** @param {string} name @param {HTMLElement} content @param {boolean} [labels] whether the fields' own labels are needed */
function row(name, content, labels = false) {
  return h('div', { class: `settings-row${labels ? ' labelled' : ''}` }, h('span', { class: 'settings-row-name' }, name), h('div', { class: 'grow' }, content));
}

customElements.define('model-settings', ModelSettingsPage);
export { ModelSettingsPage };
