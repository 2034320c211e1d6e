// @ts-check
// The arguments of a call that waits for approval, in one line. A long text stands as its size, and
// is shown whole on request: nothing that is approved is hidden, also not what is not seen.

import { h } from '../lib/dom.js';
import { bytes } from '../lib/format.js';
import { shown } from '../lib/visible.js';

/** Characters of an argument that still stand in its line. */
const LONG = 120;

/** @param {any} given */
export function argumentsLine(given) {
  const line = h('p', { class: 'sheet-arguments mono' });
  const entries = Object.entries(given ?? {});
  if (entries.length === 0) line.append('no arguments');
  entries.forEach(([name, value], place) => {
    const text = JSON.stringify(value);
    line.append(place === 0 ? '' : ', ', shown(name), ': ', text.length <= LONG ? shown(text) : unfold(line, text));
  });
  return line;
}

/** @param {HTMLElement} line @param {string} text */
function unfold(line, text) {
  const show = h('button', { type: 'button', class: 'sheet-show' }, `${bytes(new TextEncoder().encode(text).length)}, show`);
  show.addEventListener('click', () => {
    const whole = shown(text);
    const focused = document.activeElement === show;
    show.replaceWith(whole);
    line.classList.add('whole');
    // It scrolls, by keys too.
    line.tabIndex = 0;
    if (focused) line.focus({ preventScroll: true });
  });
  return show;
}
