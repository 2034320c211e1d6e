// @ts-check
// <behaviour-settings>: the limits of a question, kept as they are typed.

import { h } from '../lib/dom.js';
import { saveLimits } from '../api.js';
import { allSettings, onServers, reloadSettings } from './servers/servers.js';
import { limitSettings } from './limits.js';
import { numberSetting } from './number-settings.js';

class BehaviourSettings extends HTMLElement {
  #fields = limitSettings.map((setting) => ({ key: setting.key, name: setting.name, part: numberSetting(setting, (value) => keepLimit(setting.key, value)) }));
  /** @type {(() => void) | null} */
  #stop = null;

  connectedCallback() {
    this.#stop = onServers(() => this.#show());
    if (this.childElementCount === 0) {
      this.append(
        h(
          'section',
          { class: 'settings-page' },
          h('header', { class: 'top-bar settings-bar' }, h('h1', { class: 'settings-title' }, 'Behaviour')),
          h(
            'div',
            { class: 'settings-scroll narrow' },
            h('p', { class: 'settings-lead' }, 'How much a question may do, and how long it may take. Changes hold from the next question on; an empty field means the number shown in it.'),
            this.#fields.map(({ name, part }) => h('div', { class: 'settings-row' }, h('span', { class: 'settings-row-name', 'aria-hidden': 'true' }, name), h('div', { class: 'grow' }, part.element))),
          ),
        ),
      );
    }
    this.#show();
  }

  disconnectedCallback() {
    this.#stop?.();
  }

  #show() {
    const limits = allSettings().settings.limits ?? {};
    for (const { key, part } of this.#fields) part.show(limits[key]);
  }
}

/** @param {string} key @param {number | null} value */
export async function keepLimit(key, value) {
  await saveLimits({ [key]: value });
  await reloadSettings();
}

customElements.define('behaviour-settings', BehaviourSettings);
export { BehaviourSettings };
