// @ts-check
// <question-box>: the composer of the start page and under a run. Enter asks, Shift+Enter breaks a
// line. Sends `ask` with `{ question }`; what comes of it is the page's matter. `docked` under a run.

import { saveModel, setServerEnabled, said } from '../api.js';
import { h, send } from '../lib/dom.js';
import { commandKey, isComposing } from '../lib/keys.js';
import { openMenu } from '../lib/popover.js';
import { plural } from '../lib/format.js';
import { draw, glyph, html, nothing } from '../lib/view.js';
import { detect, detected } from '../settings/models/detected.js';
import { menuModels } from '../settings/models/model-choice.js';
import { lookUp, offered } from '../settings/models/offered.js';
import { allServers, allSettings, onServers, reloadSettings, serversKnown, settingsKnown } from '../settings/servers/servers.js';

const MOST_BYTES = 32 * 1024;
const MOST_LINES = 8;
/** For models to be listed in the menu; those of a slower server are there the next time. */
const MENU_WAITS_MS = 400;

class QuestionBox extends HTMLElement {
  /** There before the box is, with a draft in it. */
  #field = /** @type {HTMLTextAreaElement} */ (
    h('textarea', { rows: 1, spellcheck: 'true', 'data-testid': 'question', oninput: () => this.#changed(), onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event) })
  );
  #said = '';
  /** @type {(() => void) | null} */
  #stop = null;

  connectedCallback() {
    this.#stop = onServers(() => this.#show());
    // Another model may have been chosen while this box was out of sight.
    this.#show();
    this.#fit();
  }

  disconnectedCallback() {
    this.#stop?.();
  }

  get value() {
    return this.#field.value;
  }

  set value(text) {
    if (this.#field.value === text) return;
    this.#field.value = text;
    this.#changed();
  }

  set placeholder(/** @type {string} */ text) {
    if (this.#field.placeholder !== text) this.#field.placeholder = text;
  }

  focus() {
    this.#field.focus({ preventScroll: true });
  }

  /** Says why nothing was asked. @param {string} text */
  say(text) {
    this.#said = text;
    this.#show();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key !== 'Enter' || event.shiftKey || isComposing(event)) return;
    this.#submit(event);
  }

  /** @param {Event} event */
  #submit(event) {
    event.preventDefault();
    const question = this.#field.value.trim();
    if (question === '') {
      this.say('Write a question first.');
      this.#field.focus();
      return;
    }
    const size = new TextEncoder().encode(question).length;
    if (size > MOST_BYTES) {
      this.say(`The question has ${Math.ceil(size / 1024)} KiB; the limit is 32 KiB. Shorten it.`);
      return;
    }
    this.say('');
    send(this, 'ask', { question });
  }

  #changed() {
    const { value } = this.#field;
    if (value.trim() !== '' || value === '') this.#said = '';
    this.#show();
    this.#fit();
  }

  /** As high as its lines. */
  #fit() {
    this.#field.style.setProperty('height', 'auto');
    const line = parseFloat(getComputedStyle(this.#field).lineHeight) || 22;
    const height = Math.min(this.#field.scrollHeight, line * MOST_LINES);
    if (height > 0) this.#field.style.setProperty('height', `${height}px`);
    this.#field.classList.toggle('scrolls', this.#field.scrollHeight > height + 1);
  }

  #show() {
    const docked = this.hasAttribute('docked');
    const all = allServers();
    const on = all.filter((server) => server.state !== 'disabled');
    const servers = all.length === 0 ? 'No servers' : on.length === all.length ? 'All servers' : `${on.length} of ${plural(all.length, 'server')}`;
    const model = allSettings().modelName ?? 'Built-in planner';
    this.#field.setAttribute('aria-label', docked ? 'Follow-up question' : 'Question');
    this.#field.setAttribute('aria-invalid', String(this.#said !== ''));
    const aim = (/** @type {Event} */ event) => {
      if (event.target !== event.currentTarget) return;
      event.preventDefault();
      this.#field.focus();
    };
    const hint = docked ? nothing : html`<kbd class="key">${commandKey('K')}</kbd>commands<kbd class="key">Shift ↵</kbd>new line`;
    draw(
      this,
      html`<form class="composer" @submit=${(/** @type {Event} */ event) => this.#submit(event)} @pointerdown=${aim}>
        ${this.#field}
        <div class="composer-row">
          ${chip('server', serversKnown() ? servers : null, (anchor) => this.#serverMenu(anchor))}
          ${chip('cpu', settingsKnown() ? model : null, (anchor) => this.#modelMenu(anchor), lookUpModels)}
          <span class="grow"></span><span class="composer-hint">${hint}</span>
          <button type="submit" class=${this.value.trim() === '' ? 'send' : 'send ready'} data-testid="ask" aria-label="Ask">${glyph('arrow-up')}</button>
        </div>
      </form>
      <p class="composer-said" role="alert">${this.#said}</p>`,
    );
  }

  /** @param {HTMLElement} anchor */
  #serverMenu(anchor) {
    const items = allServers().map((server) => ({
      label: server.name,
      note: server.state === 'connected' ? plural(server.toolCount ?? 0, 'tool') : stateWords[server.state],
      checked: server.state !== 'disabled',
      run: () =>
        setServerEnabled(server.name, server.state === 'disabled')
          .then(reloadSettings)
          .catch((error) => this.say(said(error))),
    }));
    openMenu(
      anchor,
      [
        ...(items.length > 0 ? [{ heading: 'Asked by every question' }] : []),
        ...items,
        { label: 'Add server', icon: 'plus', run: () => send(this, 'open-settings', { section: 'servers', add: true }) },
      ],
      { side: 'above', label: 'Servers' },
    );
  }

  /** @param {HTMLElement} anchor */
  async #modelMenu(anchor) {
    const { settings, modelName } = allSettings();
    const open = anchor.getAttribute('aria-expanded') === 'true';
    if (!open) await Promise.race([lookUpModels(), new Promise((done) => setTimeout(done, MENU_WAITS_MS))]);
    const { own, local } = menuModels(settings.model, modelName, offered(), detected());
    const item = (/** @type {import('../settings/models/model-choice.js').MenuModel} */ { label, note, checked, model }) => ({ label, note, checked, run: () => this.#use(model) });
    openMenu(
      anchor,
      [
        { heading: modelName === null ? 'No model configured' : 'Plans and writes' },
        ...own.map(item),
        ...(local.length > 0 ? [{ heading: 'On this machine' }, ...local.map(item)] : []),
        { label: modelName === null ? 'Choose a model' : 'Choose another model', icon: 'cpu', run: () => send(this, 'open-settings', { section: 'model' }) },
      ],
      { side: 'above', label: 'Model' },
    );
  }

  /** @param {Partial<import('../run/live/types.js').ModelSettings>} model */
  #use(model) {
    saveModel(model)
      .then(reloadSettings)
      .catch((error) => this.say(said(error)));
  }
}

/** @type {Record<string, string>} */
const stateWords = {
  disabled: 'off',
  connecting: 'starting',
  connected: '',
  failed: 'failed',
  invalid: 'failed',
};

const lookUpModels = () => Promise.all([lookUp(), detect()]);

/**
 * @param {string} shape
 * @param {string | null} words a grey bar until it is known what it says
 * @param {(anchor: HTMLElement) => void} open
 * @param {() => void} [near] so that what the menu needs is known by the click
 */
function chip(shape, words, open, near) {
  const click = (/** @type {any} */ { currentTarget }) => open(currentTarget);
  const label = html`<span class=${words === null ? 'chip-label unknown' : 'chip-label'}>${words}</span>`;
  return html`<button type="button" class="chip" aria-haspopup="menu" aria-expanded="false" @click=${click} @pointerenter=${near} @focus=${near}>${glyph(shape)}${label}${glyph('chevron-down', { size: 14 })}</button>`;
}

customElements.define('question-box', QuestionBox);
export { QuestionBox };
