// @ts-check
// What an element shows, as a template: drawn again with other values, it changes what differs and
// leaves the rest of the page as it is, so that focus and a pressed button stay where they are.
// The only way to lit-html (ui/vendor): nothing here puts text into the page as markup.

import { html as template, nothing as none, render } from '../vendor/lit-html/lit-html.js';
import { guard } from '../vendor/lit-html/directives/guard.js';
import { live } from '../vendor/lit-html/directives/live.js';
import { repeat } from '../vendor/lit-html/directives/repeat.js';
import { icon } from './icons.js';

/** @typedef {{ readonly view: unique symbol } | typeof nothing} View what `html` gives */

/** `<p class=${kind} ?hidden=${off} .value=${text} @click=${act}>${children}</p>`: an attribute, a boolean one, a property, a listener, content. */
export const html = /** @type {(strings: TemplateStringsArray, ...values: unknown[]) => View} */ (/** @type {any} */ (template));

/** Takes out an attribute, or shows nothing. */
export const nothing = /** @type {{ readonly nothing: unique symbol }} */ (/** @type {any} */ (none));

/** Shows it in an element, in the place of what was drawn there before. @param {HTMLElement} host @param {View} view */
export function draw(host, view) {
  /** @type {any} */ (render)(view, host);
}

/**
 * A view of each item; an item keeps its elements as long as its key is there.
 * @template T
 * @param {Iterable<T>} items
 * @param {(item: T, index: number) => unknown} key
 * @param {(item: T, index: number) => View} view
 * @returns {View}
 */
export function each(items, key, view) {
  return /** @type {any} */ (repeat)(items, key, view);
}

/** A property that a person changes too: compared with what it is now, not with what was drawn last. @param {unknown} value */
export function held(value) {
  return /** @type {any} */ (live)(value);
}

/** What is made once, and anew only where one of these differs. @param {unknown[]} of @param {() => unknown} make @returns {View} */
export function once(of, make) {
  return /** @type {any} */ (guard)(of, make);
}

/** An icon. @param {string} name @param {{ size?: number, class?: string }} [options] */
export function glyph(name, options = {}) {
  return once([name, options.size, options.class], () => icon(name, options));
}
