// @ts-check
// <question-box>: the composer of the start page and under a run. Enter asks, Shift+Enter breaks a
// line. Sends `ask` with `{ question }`; what comes of it is the page's matter. `docked` under a run.

import { saveModel, setServerEnabled, said } from '../api.js';
import { h, send, setText } from '../lib/dom.js';
import { icon } from '../lib/icons.js';
import { commandKey, isComposing } from '../lib/keys.js';
import { openMenu } from '../lib/popover.js';
import { plural } from '../lib/format.js';
import { detect, detected } from '../settings/models/detected.js';
import { menuModels } from '../settings/models/model-choice.js';
import { lookUp, offered } from '../settings/models/offered.js';
import { allServers, allSettings, onServers, reloadSettings, serversKnown, settingsKnown } from '../settings/servers/servers.js';

const MOST_BYTES = 32 * 1024;
const MOST_LINES = 8;
/** For models to be listed in the menu; those of a slower server are there the next time. */
const MENU_WAITS_MS = 400;

class QuestionBox extends HTMLElement {
  #field = /** @type {HTMLTextAreaElement} */ (h('textarea', { rows: 1 }));
  #send = h('button', { type: 'submit', class: 'send', 'data-testid': 'ask', 'aria-label': 'Ask' });
  #said = h('p', { class: 'composer-said', role: 'alert' });
  #servers = chip('server');
  #model = chip('cpu');
  #hint = h('span', { class: 'composer-hint' });
  /** @type {(() => void) | null} */
  #stop = null;

  connectedCallback() {
    this.#stop = onServers(() => this.#showChips());
    // Another model may have been chosen while this box was out of sight.
    this.#showChips();
    if (this.childElementCount > 0) return;
    const docked = this.hasAttribute('docked');
    this.#field.dataset.testid = 'question';
    this.#field.setAttribute('aria-label', docked ? 'Follow-up question' : 'Question');
    this.#field.setAttribute('spellcheck', 'true');
    this.#field.addEventListener('input', () => this.#changed());
    this.#field.addEventListener('keydown', (event) => this.#key(event));
    this.#send.append(icon('arrow-up'));
    this.#servers.addEventListener('click', () => this.#serverMenu());
    this.#model.addEventListener('click', () => this.#modelMenu());
    // Known by the click, so that the menu is whole when it opens.
    for (const near of ['pointerenter', 'focus']) this.#model.addEventListener(near, () => this.#lookUpModels());
    if (!docked) this.#hint.append(h('kbd', { class: 'key' }, commandKey('K')), 'commands', h('kbd', { class: 'key' }, 'Shift ↵'), 'new line');
    const form = h(
      'form',
      { class: 'composer', onsubmit: (/** @type {Event} */ event) => this.#submit(event) },
      this.#field,
      h('div', { class: 'composer-row' }, this.#servers, this.#model, h('span', { class: 'grow' }), this.#hint, this.#send),
    );
    form.addEventListener('pointerdown', (event) => {
      if (event.target === form) {
        event.preventDefault();
        this.#field.focus();
      }
    });
    this.append(form, this.#said);
    this.#changed();
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
    setText(this.#said, text);
    this.#field.setAttribute('aria-invalid', String(text !== ''));
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
    const empty = this.#field.value.trim() === '';
    this.#send.classList.toggle('ready', !empty);
    if (!empty || this.#field.value === '') this.say('');
    this.#field.style.setProperty('height', 'auto');
    const line = parseFloat(getComputedStyle(this.#field).lineHeight) || 22;
    const height = Math.min(this.#field.scrollHeight, line * MOST_LINES);
    if (height > 0) this.#field.style.setProperty('height', `${height}px`);
    this.#field.classList.toggle('scrolls', this.#field.scrollHeight > height + 1);
  }

  #showChips() {
    const all = allServers();
    const on = all.filter((server) => server.state !== 'disabled');
    const words = all.length === 0 ? 'No servers' : on.length === all.length ? 'All servers' : `${on.length} of ${plural(all.length, 'server')}`;
    label(this.#servers, serversKnown() ? words : null);
    label(this.#model, settingsKnown() ? (allSettings().modelName ?? 'Built-in planner') : null);
  }

  #serverMenu() {
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
      this.#servers,
      [
        ...(items.length > 0 ? [{ heading: 'Asked by every question' }] : []),
        ...items,
        { label: 'Add server', icon: 'plus', run: () => send(this, 'open-settings', { section: 'servers', add: true }) },
      ],
      { side: 'above', label: 'Servers' },
    );
  }

  #lookUpModels() {
    return Promise.all([lookUp(), detect()]);
  }

  async #modelMenu() {
    const { settings, modelName } = allSettings();
    const open = this.#model.getAttribute('aria-expanded') === 'true';
    if (!open) await Promise.race([this.#lookUpModels(), new Promise((done) => setTimeout(done, MENU_WAITS_MS))]);
    const { own, local } = menuModels(settings.model, modelName, offered(), detected());
    const item = (/** @type {import('../settings/models/model-choice.js').MenuModel} */ { label, note, checked, model }) => ({ label, note, checked, run: () => this.#use(model) });
    openMenu(
      this.#model,
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

/** A grey bar until it is known what it says. @param {HTMLElement} chip @param {string | null} words */
function label(chip, words) {
  const element = /** @type {HTMLElement} */ (chip.querySelector('.chip-label'));
  element.classList.toggle('unknown', words === null);
  setText(element, words ?? '');
}

/** @param {string} name */
function chip(name) {
  return h(
    'button',
    { type: 'button', class: 'chip', 'aria-haspopup': 'menu', 'aria-expanded': 'false' },
    icon(name),
    h('span', { class: 'chip-label' }),
    icon('chevron-down', { size: 14 }),
  );
}

customElements.define('question-box', QuestionBox);
export { QuestionBox };
