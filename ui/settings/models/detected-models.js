// @ts-check
// <detected-models>: the models that run on this machine, each used in one click. Keeps what is
// chosen itself; sends `used-model` {model} then, `dismiss-models` where `dismissible` is set.

import { h, send } from '../../lib/dom.js';
import { icon } from '../../lib/icons.js';
import { refill } from '../../lib/refill.js';
import { sentence } from '../../lib/format.js';
import { said, saveModel } from '../../api.js';
import { detected, onDetected } from './detected.js';
import { reloadSettings } from '../servers/servers.js';
import { emptyServers, offersOf } from './model-choice.js';

/** @typedef {ReturnType<typeof offersOf>[number]} Offer */

class DetectedModels extends HTMLElement {
  /** @type {(() => void) | null} */
  #stop = null;

  connectedCallback() {
    this.#stop = onDetected(() => this.#show());
    this.#show();
  }

  disconnectedCallback() {
    this.#stop?.();
  }

  #show() {
    const found = detected();
    const dismissible = this.hasAttribute('dismissible');
    refill(this, [found, dismissible], () => {
      const offers = offersOf(found);
      const empty = emptyServers(found).map((name) => h('p', { class: 'detected-empty' }, icon('cpu'), h('span', null, `${name} runs on this machine, but has no model yet. Get one there, then look again.`)));
      if (offers.length === 0) return dismissible ? [] : empty;
      const notNow = dismissible && h('button', { type: 'button', class: 'button small plain', 'data-key': 'not-now', onclick: () => send(this, 'dismiss-models') }, 'Not now');
      const quiet = h('span', { class: 'start-quiet cut grow' }, 'Nothing leaves this computer');
      if (offers.length === 1 && dismissible) {
        const [{ server, model }] = offers;
        return [h('div', { class: 'detected-box' }, h('div', { class: 'detected-row' }, icon('cpu', { class: 'tone-live' }), h('span', { class: 'cut' }, `Found ${server} on this machine: `, h('strong', null, model)), quiet, notNow, this.#use(offers[0])))];
      }
      return [
        h(
          'div',
          { class: 'detected-box' },
          dismissible && h('div', { class: 'detected-row detected-head' }, icon('cpu', { class: 'tone-live' }), h('span', null, 'Found on this machine'), quiet, notNow),
          h('ul', { class: 'detected-list', 'aria-label': 'Models on this machine' }, offers.map((offer) => this.#row(offer))),
        ),
        !dismissible && empty,
      ];
    });
  }

  /** @param {Offer} offer */
  #row(offer) {
    return h('li', { class: 'detected-row' }, h('strong', { class: 'cut', title: offer.model }, offer.model), h('span', { class: 'badge' }, offer.server), h('span', { class: 'start-quiet cut grow' }, offer.context), this.#use(offer));
  }

  /** @param {Offer} offer */
  #use({ server, provider, baseUrl, model }) {
    const use = async () => {
      try {
        await saveModel({ provider, baseUrl, model });
        await reloadSettings();
        send(this, 'used-model', { model });
      } catch (error) {
        send(this, 'say', { text: sentence(said(error)) });
      }
    };
    return h('button', { type: 'button', class: 'button small', 'data-testid': 'use-model', 'data-key': `${baseUrl} ${model}`, 'aria-label': `Use ${model} of ${server}`, onclick: use }, 'Use it');
  }
}

customElements.define('detected-models', DetectedModels);
export { DetectedModels };
