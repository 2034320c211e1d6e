// @ts-check
// Parts of forms: a labelled field with its error, rows of names and values, a choice of two.

import { h, setText } from '../lib/dom.js';
import { icon } from '../lib/icons.js';

/** @typedef {import('./servers/server-entry.js').Pair} Pair */

let ids = 0;

/**
 * @param {string} label
 * @param {HTMLElement} control
 * @param {{ aside?: string, unit?: string, hint?: string }} [options]
 * @returns {{ element: HTMLElement, complain: (words: string) => void }}
 */
export function field(label, control, { aside, unit, hint } = {}) {
  ids += 1;
  const id = `field-${ids}`;
  control.id = id;
  const error = h('p', { class: 'field-error', id: `${id}-error`, hidden: true }, icon('circle-x', { size: 14 }), h('span'));
  control.setAttribute('aria-describedby', error.id);
  const element = h(
    'div',
    { class: 'field' },
    h('label', { class: 'field-label', for: id }, label, aside && h('span', { class: 'field-aside' }, aside)),
    unit === undefined ? control : h('div', { class: 'field-unit' }, control, h('span', null, unit)),
    error,
    hint && h('p', { class: 'field-hint' }, hint),
  );
  const complain = (/** @type {string} */ words) => {
    error.hidden = words === '';
    control.setAttribute('aria-invalid', String(words !== ''));
    setText(/** @type {Node} */ (error.lastElementChild), words);
  };
  return { element, complain };
}

/** @param {Record<string, any>} [attributes] */
export function textInput(attributes = {}) {
  return /** @type {HTMLInputElement} */ (h('input', { type: 'text', class: 'input', autocomplete: 'off', spellcheck: 'false', ...attributes }));
}

const MOST_ROWS = 6;

/** Names and values, one pair a row. A value may have lines: Shift+Enter breaks one. */
export class Pairs {
  element = h('div', { class: 'pairs' });
  #add;
  #names;
  /** What a field was given and what it made of it: it may show line ends otherwise. @type {WeakMap<Element, { given: Pair, shown: string }>} */
  #given = new WeakMap();

  /** @param {string} one what a row is, for its button @param {string} names label of the names */
  constructor(one, names) {
    this.#names = names;
    this.#add = h('button', { type: 'button', class: 'pairs-add', onclick: () => this.#append({ name: '', value: '' }).focus() }, icon('plus', { size: 14 }), `Add ${one}`);
    this.element.append(this.#add);
  }

  /** @param {Pair[]} pairs */
  set value(pairs) {
    this.element.replaceChildren(this.#add);
    for (const pair of pairs) this.#append(pair);
  }

  /** @returns {Pair[]} */
  get value() {
    return [...this.element.querySelectorAll('.pair')].map((row) => {
      const [name, value] = /** @type {[HTMLInputElement, HTMLTextAreaElement]} */ ([...row.querySelectorAll('.input-part')]);
      const before = this.#given.get(value);
      // What is pasted from a terminal ends with a line break that nobody means.
      return { ...before?.given, name: name.value, value: before?.shown === value.value ? before.given.value : value.value.replace(/[\r\n]+$/, '') };
    });
  }

  /** @param {Pair} pair */
  #append(pair) {
    const name = textInput({ class: 'input-part pair-name mono', value: pair.name, 'aria-label': this.#names, placeholder: 'NAME' });
    const value = valueField(pair.value, pair.kept !== undefined);
    this.#given.set(value, { given: pair, shown: value.value });
    const row = h(
      'div',
      { class: 'pair' },
      name,
      value,
      h('button', { type: 'button', class: 'icon-button', 'aria-label': 'Remove this row', onclick: () => row.remove() }, icon('x', { size: 14 })),
    );
    this.#add.before(row);
    return name;
  }
}

/** As high as its lines; Enter sends the form, as in a field of one line. @param {string} text @param {boolean} kept a secret that stays as it is unless something is typed */
function valueField(text, kept) {
  const field = /** @type {HTMLTextAreaElement} */ (h('textarea', { class: 'input-part pair-value mono', value: text, wrap: 'off', 'aria-label': kept ? 'Value, kept as it is unless you type another' : 'Value', placeholder: kept ? '•••••• kept as it is' : 'value', autocomplete: 'off', spellcheck: 'false' }));
  const fit = () => (field.rows = Math.min(MOST_ROWS, field.value.split('\n').length));
  field.addEventListener('input', fit);
  field.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    field.form?.requestSubmit();
  });
  fit();
  return field;
}

/**
 * A choice of a few, as segments.
 * @param {string} label
 * @param {[value: string, words: string][]} choices
 * @param {(value: string) => void} changed
 */
export function segments(label, choices, changed) {
  const element = h('div', { class: 'segments wide', role: 'radiogroup', 'aria-label': label });
  const choose = (/** @type {string} */ value) => {
    for (const button of element.querySelectorAll('button')) {
      const own = button.dataset.value === value;
      button.setAttribute('aria-checked', String(own));
      button.tabIndex = own ? 0 : -1;
    }
  };
  for (const [value, words] of choices) {
    element.append(
      h('button', { type: 'button', role: 'radio', 'data-value': value, onclick: () => {
        choose(value);
        changed(value);
      } }, words),
    );
  }
  element.addEventListener('keydown', (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const buttons = [...element.querySelectorAll('button')];
    const next = by === undefined ? undefined : buttons[buttons.indexOf(/** @type {any} */ (event.target)) + by];
    if (next === undefined) return;
    event.preventDefault();
    next.focus();
    next.click();
  });
  return { element, choose };
}
