// @ts-check
// <detected-models>: the models that run on this machine, each used in one click. Keeps what is
// chosen itself; sends `used-model` {model} then, `dismiss-models` where `dismissible` is set.

import { send } from '../../lib/dom.js';
import { sentence } from '../../lib/format.js';
import { draw, each, glyph, html, nothing } from '../../lib/view.js';
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
    const offers = offersOf(found);
    const dismissible = this.hasAttribute('dismissible');
    const empty = (/** @type {string} */ name) => html`<p class="detected-empty">${glyph('cpu')}<span>${name} runs on this machine, but has no model yet. Get one there, then look again.</span></p>`;
    draw(this, html`${offers.length > 0 ? this.#box(offers, dismissible) : nothing}${each(dismissible ? [] : emptyServers(found), (name) => name, empty)}`);
  }

  /** @param {Offer[]} offers @param {boolean} dismissible */
  #box(offers, dismissible) {
    const [first, ...more] = offers;
    const rest = html`<span class="start-quiet cut grow">Nothing leaves this computer</span>
      <button type="button" class="button small plain" @click=${() => send(this, 'dismiss-models')}>Not now</button>`;
    if (dismissible && more.length === 0) {
      return html`<div class="detected-box">
        <div class="detected-row">${glyph('cpu', { class: 'tone-live' })}<span class="cut">Found ${first.server} on this machine: <strong>${first.model}</strong></span>${rest}${this.#use(first)}</div>
      </div>`;
    }
    const row = (/** @type {Offer} */ offer) =>
      html`<li class="detected-row">
        <strong class="cut" title=${offer.model}>${offer.model}</strong><span class="badge">${offer.server}</span><span class="start-quiet cut grow">${offer.context}</span>${this.#use(offer)}
      </li>`;
    return html`<div class="detected-box">
      ${dismissible ? html`<div class="detected-row detected-head">${glyph('cpu', { class: 'tone-live' })}<span>Found on this machine</span>${rest}</div>` : nothing}
      <ul class="detected-list" aria-label="Models on this machine">${each(offers, ({ baseUrl, model }) => `${baseUrl} ${model}`, row)}</ul>
    </div>`;
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
    return html`<button type="button" class="button small" data-testid="use-model" aria-label=${`Use ${model} of ${server}`} @click=${use}>Use it</button>`;
  }
}

customElements.define('detected-models', DetectedModels);
export { DetectedModels };
