// @ts-check
// <model-settings>: which language model plans and writes, or none. A card is a draft until a model
// is chosen on it: until then, what worked before goes on. Everything else is kept at once.

import { send } from '../../lib/dom.js';
import { duration, sentence } from '../../lib/format.js';
import { draw, each, glyph, html, nothing } from '../../lib/view.js';
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
  /** What is told of the address and of the list. */
  #reached = '';
  #listed = '';
  // Outside of a form, Enter alone is no change to every web view.
  #enter = (/** @type {KeyboardEvent} */ event) => event.key === 'Enter' && this.#askServer();
  #url = textInput({ class: 'input mono', inputmode: 'url', 'data-testid': 'model-url', onchange: () => this.#serverChanged(), onkeydown: this.#enter });
  #urlField = field('Base URL', this.#url);
  #key = new ModelKey(() => this.#draft(), (what) => (what === 'variable' ? this.#serverChanged() : this.#keyChanged()));
  #list = new ModelList((name) => this.#choose(name));
  #test = new ModelTest(() => ({ model: this.#draft(), key: this.#key.typed, keyVersion: this.#key.version }));
  #context = numberSetting(contextSetting, (value) => keepLimit('contextTokens', value));
  #times = timeOutSettings.map((setting) => ({ key: setting.key, part: numberSetting(setting, (value) => keep({ [setting.key]: value })) }));
  #prices = priceSettings.map((setting) => ({ key: setting.key, part: numberSetting(setting, (value) => keep({ pricePerMillion: { [setting.key]: value } })) }));
  /** @type {(() => void)[]} */
  #stops = [];

  connectedCallback() {
    this.#stops = [onServers(() => this.#settingsCame()), onDetected(() => this.#show())];
    detect();
    // Another model may have been chosen elsewhere.
    if (this.#loaded) return this.#load();
    this.#show();
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
    if (this.#loaded) this.#show();
    else this.#load();
  }

  /** What is in use. */
  #load() {
    this.#loaded = true;
    this.#open(presetOf(saved(), this.#presets));
  }

  /** @param {string} id of a card */
  #open(id) {
    this.#chosen = id;
    const preset = this.#preset();
    const draft = draftOf(preset, saved(), this.#presets);
    this.#used = id === presetOf(saved(), this.#presets);
    this.#url.value = draft.baseUrl;
    this.#model = draft.model;
    this.#tell([], '');
    if (preset !== undefined) this.#key.open({ variable: draft.apiKeyEnv, keyUrl: preset.keyUrl ?? null, expected: preset.needsKey || preset.id === 'other' });
    this.#test.check();
    if (preset !== undefined) this.#fetchModels();
  }

  /** @returns {Preset | undefined} none for the built-in planner */
  #preset() {
    return this.#chosen === 'builtin' ? undefined : this.#presets.find((preset) => preset.id === this.#chosen);
  }

  #show() {
    const preset = this.#preset();
    const cards = this.#loaded ? cardsOf(this.#presets) : [];
    const builtin = this.#loaded ? this.#builtin() : nothing;
    // The foot stays in its place whatever is told above it: nothing moves away under a click.
    draw(
      this,
      html`<section class="settings-page">
        <header class="top-bar settings-bar"><h1 class="settings-title">Model</h1></header>
        <div class="settings-scroll narrow">
          <p class="settings-lead">The model writes the plan and the answer: two calls per question. Tool calls never pass through it.</p>
          <div class="cards" role="radiogroup" aria-label="Provider" @keydown=${cardKey}>${each(cards, ({ id }) => id, (card) => this.#card(card))}</div>
          <div class="model-rows">${preset === undefined ? builtin : this.#rows()}</div>
        </div>
        <footer class="model-foot" ?hidden=${preset === undefined}>${this.#test.element}</footer>
      </section>`,
    );
  }

  /** @param {ReturnType<typeof cardsOf>[number]} card */
  #card({ id, name, note }) {
    const chosen = id === this.#chosen;
    return html`<button type="button" class="card" role="radio" data-id=${id} aria-checked=${chosen} tabindex=${chosen ? 0 : -1} @click=${() => this.#provider(id)}>
      <span class="choice"></span><span class="grow card-words"><span class="card-name">${name}</span><span class="card-note" title=${note}>${note}</span></span>
    </button>`;
  }

  #builtin() {
    const none = 'No model runs on this machine. Trawl looks for Ollama (port 11434), LM Studio (1234), llama.cpp (8080) and vLLM (8000): start one, then look again.';
    const words = detecting() ? 'Looking for models on this machine.' : detectionKnown() && detected().length === 0 ? none : '';
    const used = () => {
      this.#load();
      this.#focusCard();
    };
    return html`<p class="settings-lead">Trawl chooses tools by the words of the question and lists what they found, counted and cited. Nothing leaves this machine but the calls to your servers.</p>
      <div class="local-head">
        <h2 class="settings-heading grow">Running on this machine</h2>
        <button type="button" class="button small" @click=${() => detect({ again: true })}>${glyph('rotate-cw', { size: 14 })}Look again</button>
      </div>
      <p class="settings-lead" role="status" ?hidden=${words === '' || offersOf(detected()).length > 0}>${words}</p>
      <detected-models @used-model=${used}></detected-models>`;
  }

  #rows() {
    const goesOn = this.#used ? '' : `Until a model is chosen here, ${allSettings().modelName ?? 'the built-in planner'} goes on planning and writing.`;
    const unused = this.#used && this.#model === '' ? 'No model is chosen yet.' : goesOn;
    const reached = this.#reached === '' ? nothing : html`${glyph('circle-check', { size: 14, class: 'tone-ok' })}${this.#reached}`;
    const fields = (/** @type {{ part: { element: HTMLElement } }[]} */ of) => html`<div class="field-three">${of.map(({ part }) => part.element)}</div>`;
    return html`${row('Base URL', html`<div class="url-field">${this.#urlField.element}<span class="url-reached" role="status">${reached}</span></div>`)}
      ${row('API key', this.#key.element)}
      ${row('Model', html`<div>${this.#list.element}<div class="model-said"><p class="field-hint">${unused}</p><p class="field-hint" role="status">${this.#listed}</p></div></div>`)}
      ${row('Context budget', html`<div class="number-line">${this.#context.element}<span class="number-words">tokens the model may read; what does not fit is cut, and the answer says so</span></div>`)}
      ${row('Time-outs', fields(this.#times), true)}
      ${row('Price', html`<div>${fields(this.#prices)}<p class="field-hint">Per million tokens, in your own currency. Each answer then shows what it cost.</p></div>`, true)}`;
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
    /** @type {HTMLElement | null} */ (this.querySelector('.card[aria-checked=true]'))?.focus();
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
    this.#show();
  }

  async #fetchModels() {
    this.#server = this.#draft();
    this.#asked += 1;
    const own = this.#asked;
    const began = performance.now();
    this.#reached = '';
    if (this.#chosen === 'other' && this.#url.value.trim() === '') {
      // Without an address it would be OpenAI that is asked.
      this.#tell([], 'Type the address of the server first, as in http://127.0.0.1:8080/v1.');
      return;
    }
    this.#show();
    try {
      const models = await listModels(this.#draft());
      if (own !== this.#asked) return;
      this.#reached = `Reached in ${duration(performance.now() - began)}`;
      this.#tell(models, models.length === 0 ? 'The server lists no models. Type the name of one.' : '');
    } catch (error) {
      if (own !== this.#asked) return;
      const ofUrl = ['bad_address', 'wrong_address', 'unreachable'].includes(/** @type {any} */ (error)?.code);
      const words = sentence(said(error));
      this.#tell([], ofUrl ? '' : words, ofUrl ? words : '');
    }
  }

  /** What came of asking a server. @param {import('./model-list.js').OfferedModel[]} models @param {string} listed @param {string} [wrong] of the address */
  #tell(models, listed, wrong = '') {
    this.#listed = listed;
    this.#urlField.complain(wrong);
    this.#list.show(models, this.#model);
    this.#show();
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

/** Arrow keys, over as many columns as there are. @param {KeyboardEvent} event */
function cardKey(event) {
  const place = /** @type {HTMLElement} */ (event.currentTarget);
  const columns = getComputedStyle(place).gridTemplateColumns.split(' ').length;
  const by = { ArrowLeft: -1, ArrowUp: -columns, ArrowRight: 1, ArrowDown: columns }[event.key];
  const next = by === undefined ? undefined : place.children[[...place.children].indexOf(/** @type {Element} */ (event.target)) + by];
  if (!(next instanceof HTMLElement)) return;
  event.preventDefault();
  next.click();
}

/** @param {string} name @param {unknown} content @param {boolean} [labels] whether the fields' own labels are needed */
function row(name, content, labels = false) {
  return html`<div class=${labels ? 'settings-row labelled' : 'settings-row'}><span class="settings-row-name">${name}</span><div class="grow">${content}</div></div>`;
}

customElements.define('model-settings', ModelSettingsPage);
export { ModelSettingsPage };
