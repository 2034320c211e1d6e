// @ts-check
// The arguments of a call that waits for approval, in one line. A long text stands as its size, and
// is shown whole on request: nothing that is approved is hidden, also not what is not seen.

import { bytes } from '../lib/format.js';
import { html, nothing, once } from '../lib/view.js';
import { shown } from '../lib/visible.js';

/** Characters of an argument that still stand in its line. */
const LONG = 120;

/** Text in which what is not seen is made visible. @param {string} text @param {string} [kind] */
export const seen = (text, kind) => once([text, kind], () => shown(text, kind));

/** @param {any} given @param {Set<string>} whole those whose long text was asked for @param {() => void} redraw */
export function argumentsLine(given, whole, redraw) {
  const entries = Object.entries(given ?? {});
  const one = (/** @type {[string, unknown]} */ [name, value], /** @type {number} */ place) => {
    const text = JSON.stringify(value);
    const show = (/** @type {Event} */ { currentTarget }) => {
      const { parentElement } = /** @type {HTMLElement} */ (currentTarget);
      const focused = document.activeElement === currentTarget;
      whole.add(name);
      redraw();
      if (focused) parentElement?.focus({ preventScroll: true });
    };
    const short = text.length <= LONG || whole.has(name);
    const size = () => bytes(new TextEncoder().encode(text).length);
    return html`${place === 0 ? '' : ', '}${seen(name)}: ${short ? seen(text) : html`<button type="button" class="sheet-show" @click=${show}>${size()}, show</button>`}`;
  };
  // It scrolls, by keys too.
  return html`<p class=${whole.size > 0 ? 'sheet-arguments mono whole' : 'sheet-arguments mono'} tabindex=${whole.size > 0 ? 0 : nothing}>${entries.length === 0 ? 'no arguments' : entries.map(one)}</p>`;
}
