// @ts-check
// <plain-settings section="…">: the short sections: appearance, data, logs, about.

import { h, send } from '../lib/dom.js';
import { refill } from '../lib/refill.js';
import { icon } from '../lib/icons.js';
import { copyText } from '../lib/clipboard.js';
import { commandKey } from '../lib/keys.js';
import { openDataFolder, openLogs, said } from '../api.js';
import { allSettings, onServers, preference, setPreference } from './servers/servers.js';
import { chooseTheme } from '../shell/theme.js';
import { switchSetting } from './number-settings.js';

const titles = /** @type {Record<string, string>} */ ({ appearance: 'Appearance', data: 'Data', logs: 'Logs', about: 'About' });

const keys = [
  [commandKey('N'), 'New question'],
  ['/', 'Search history'],
  [commandKey('K'), 'Commands'],
  [commandKey('.'), 'Cancel the run on show'],
  [commandKey('B'), 'Show or hide the history'],
  [commandKey(','), 'Settings'],
  [commandKey('S'), 'Save the server that is edited'],
  ['Enter', 'Ask; on a task, its evidence'],
  ['Shift Enter', 'New line in a question'],
  ['Delete', 'On a running task, cancel it; on a past question, delete it'],
  ['Esc', 'Close what is open, one step back; never cancels a run'],
];

class PlainSettings extends HTMLElement {
  /** @type {(() => void) | null} */
  #stop = null;
  #logResults = switchSetting(
    { key: 'logResults', label: 'Log results', hint: 'Every task’s whole result goes into the log, with secrets taken out. Switched off, no result does from now on; what is logged already stays until its file expires.' },
    (on) => setPreference('logResults', on),
  );

  connectedCallback() {
    this.#stop = onServers(() => this.#show());
    this.#show();
  }

  disconnectedCallback() {
    this.#stop?.();
  }

  #show() {
    const section = this.getAttribute('section') ?? 'about';
    const parts = { appearance: () => this.#appearance(), data: () => this.#data(), logs: () => this.#logs(), about: () => this.#about() };
    const { dataFolder, notices, warnings, version } = allSettings();
    this.#logResults.show(preference('logResults', true) !== false);
    refill(this, [section, dataFolder, notices, warnings, version, preference('theme', 'system')], () => [
      h(
        'section',
        { class: 'settings-page' },
        h('header', { class: 'top-bar settings-bar' }, h('h1', { class: 'settings-title' }, titles[section])),
        h('div', { class: 'settings-scroll narrow' }, parts[/** @type {keyof typeof parts} */ (section)]?.().flat()),
      ),
    ]);
  }

  #appearance() {
    const chosen = preference('theme', 'system');
    const choices = /** @type {['system' | 'light' | 'dark', string, string, string][]} */ ([
      ['system', 'System', 'Follows the desktop', 'monitor'],
      ['light', 'Light', 'Always', 'sun'],
      ['dark', 'Dark', 'Always', 'moon'],
    ]);
    const group = h(
      'div',
      { class: 'cards', role: 'radiogroup', 'aria-label': 'Theme' },
      choices.map(([value, name, note, shape]) =>
        h(
          'button',
          { type: 'button', class: 'card', role: 'radio', 'aria-checked': String(chosen === value), 'data-theme-choice': value, 'data-key': `theme ${value}`, tabindex: chosen === value ? 0 : -1, onclick: () => this.#theme(value) },
          h('span', { class: 'choice' }),
          h('span', { class: 'grow' }, h('span', { class: 'card-name' }, name), h('span', { class: 'card-note' }, note)),
          icon(shape, { class: 'tone-quiet' }),
        ),
      ),
    );
    group.addEventListener('keydown', (event) => {
      const by = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
      const place = choices.findIndex(([value]) => value === chosen);
      const next = by === undefined ? undefined : choices[place + by];
      if (next === undefined) return;
      event.preventDefault();
      this.#theme(next[0]);
      /** @type {HTMLElement | null} */ (this.querySelector(`[data-theme-choice="${next[0]}"]`))?.focus();
    });
    return [h('h2', { class: 'settings-heading' }, 'Theme'), group];
  }

  /** @param {'system' | 'light' | 'dark'} theme */
  #theme(theme) {
    chooseTheme(theme).catch((error) => send(this, 'say', { text: said(error) }));
  }

  #data() {
    const { dataFolder, notices, warnings } = allSettings();
    return [
      h('p', { class: 'settings-lead' }, 'Settings, history and every result are kept on this machine, in one folder.'),
      h('div', { class: 'settings-line' }, h('span', { class: 'settings-name' }, 'Data folder'), h('span', { class: 'mono grow settings-value' }, dataFolder), copyButton(dataFolder), openButton('open-data', () => this.#tryTo(openDataFolder))),
      h('div', { class: 'settings-line' }, h('span', { class: 'settings-name' }, 'Deleting'), h('span', { class: 'grow' }, 'Deleting a question removes its tasks, results and answer. Log files expire on their own after 7 days.')),
      [...notices, ...warnings].map((text) => h('p', { class: 'start-notice' }, icon('triangle-alert'), h('span', null, text))),
    ];
  }

  #logs() {
    return [
      h('p', { class: 'settings-lead' }, 'One file a day, kept for 7 days: what Trawl and its servers did, and what went wrong.'),
      this.#logResults.element,
      h('div', { class: 'settings-line' }, h('span', { class: 'settings-name' }, 'Log folder'), h('span', { class: 'mono grow settings-value' }, `${allSettings().dataFolder}/logs`), openButton('open-logs', () => this.#tryTo(openLogs))),
    ];
  }

  /** @param {() => Promise<unknown>} act */
  #tryTo(act) {
    act().catch((error) => send(this, 'say', { text: said(error) }));
  }

  #about() {
    return [
      h('div', { class: 'about-head' }, icon('brand', { size: 32, class: 'tone-live' }), h('div', null, h('p', { class: 'about-name' }, 'Trawl'), h('p', { class: 'tone-quiet' }, `Version ${allSettings().version}`))),
      h('p', { class: 'settings-lead' }, 'Asks all your MCP servers at the same time and writes one answer whose claims point at the results they came from. Icons by Lucide (ISC).'),
      h('h2', { class: 'settings-heading' }, 'Keys'),
      h('dl', { class: 'keys' }, keys.flatMap(([key, words]) => [h('dt', null, h('kbd', { class: 'key' }, key)), h('dd', null, words)])),
    ];
  }
}

/** @param {string} key @param {() => void} open */
function openButton(key, open) {
  return h('button', { type: 'button', class: 'button', 'data-key': key, onclick: open }, icon('folder-open', { size: 15 }), 'Open');
}

/** @param {string} text */
function copyButton(text) {
  const button = h('button', { type: 'button', class: 'button', 'data-key': 'copy' }, icon('copy', { size: 15 }), 'Copy');
  button.addEventListener('click', async () => {
    const copied = await copyText(text);
    button.lastChild?.replaceWith(copied ? 'Copied' : 'Not copied');
  });
  return button;
}

customElements.define('plain-settings', PlainSettings);
export { PlainSettings };
