// @ts-check
// The arguments of a call that waits for approval, in one line. A long text stands as its size, and
// is shown whole on request: nothing that is approved is hidden.

import { h } from '../lib/dom.js';
import { bytes } from '../lib/format.js';

/** Characters of an argument that still stand in its line. */
const LONG = 120;

/** @param {any} given */
export function argumentsLine(given) {
  const line = h('p', { class: 'sheet-arguments mono' });
  const entries = Object.entries(given ?? {});
  if (entries.length === 0) line.append('no arguments');
  entries.forEach(([name, value], place) => {
    const text = JSON.stringify(value);
    line.append(place === 0 ? '' : ', ', `${name}: `, text.length <= LONG ? text : unfold(line, text));
  });
  return line;
}

/** @param {HTMLElement} line @param {string} text */
function unfold(line, text) {
  const show = h('button', { type: 'button', class: 'sheet-show' }, `${bytes(new TextEncoder().encode(text).length)}, show`);
  show.addEventListener('click', () => {
    show.replaceWith(text);
    line.classList.add('whole');
  });
  return show;
}
