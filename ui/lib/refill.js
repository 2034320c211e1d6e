// @ts-check
// Rebuilds part of a page only when what it shows has changed, and leaves the focus where it was:
// on the element of the same `data-key`.

import { fill } from './dom.js';

/** @typedef {import('./dom.js').Child} Child */

/** @type {WeakMap<Element, string>} */
const shown = new WeakMap();

/**
 * @param {Element} element
 * @param {unknown} shape everything that the children show, as JSON can tell it apart
 * @param {() => (Child | Child[])[]} build
 */
export function refill(element, shape, build) {
  const now = JSON.stringify(shape);
  if (shown.get(element) === now) return;
  shown.set(element, now);
  const focused = element.contains(document.activeElement) ? document.activeElement?.closest('[data-key]') : null;
  const key = focused?.getAttribute('data-key');
  fill(element, ...build());
  if (key === null || key === undefined) return;
  const same = element.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (same instanceof HTMLElement) same.focus({ preventScroll: true });
}
