// @ts-check
// Numbers of one section of the settings, each kept as soon as it is typed. Used by the model page
// and by the behaviour page.

import { h, send } from '../lib/dom.js';
import { said } from '../api.js';
import { sentence } from '../lib/format.js';
import { mistakeIn, numberOf, shownNumber } from './number-setting.js';
import { field, textInput } from './form-parts.js';
import { ruleOf } from './servers/servers.js';

/** @typedef {import('./number-setting.js').NumberSetting} NumberSetting */

/**
 * @param {NumberSetting} setting
 * @param {(value: number | null) => Promise<unknown>} save null takes it back to its default
 */
export function numberSetting(setting, save) {
  const rule = () => ruleOf(setting.section, setting.key);
  const input = textInput({ class: 'input settings-number', 'data-setting': setting.key });
  const { element, complain } = field(setting.label, input, { unit: setting.unit, hint: setting.hint });
  let kept = '';
  input.addEventListener('change', async () => {
    const wrong = mistakeIn(rule(), input.value);
    complain(wrong);
    if (wrong !== '' || numberOf(input.value) === numberOf(kept)) return;
    try {
      await save(numberOf(input.value));
      kept = shownNumber(numberOf(input.value));
      if (document.activeElement !== input) input.value = kept;
    } catch (error) {
      complain(sentence(said(error)));
    }
  });
  input.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || input.value === kept) return;
    event.preventDefault();
    input.value = kept;
    complain('');
  });
  /** What the settings say; what is typed and not kept is not touched. @param {unknown} value */
  const show = (value) => {
    input.placeholder = shownNumber(rule().default ?? setting.otherwise);
    input.inputMode = rule().whole ? 'numeric' : 'decimal';
    const isKept = numberOf(input.value) === numberOf(kept);
    kept = shownNumber(value);
    if (isKept) input.value = kept;
  };
  return { element, show };
}

/**
 * A switch with its words.
 * @param {{ key: string, label: string, hint: string }} setting
 * @param {(on: boolean) => Promise<unknown>} save
 */
export function switchSetting({ key, label, hint }, save) {
  const id = `switch-${key}`;
  const toggle = h('button', { type: 'button', class: 'toggle', role: 'switch', 'aria-checked': 'false', 'aria-labelledby': id, 'data-setting': key, 'data-key': id });
  const show = (/** @type {boolean} */ on) => toggle.setAttribute('aria-checked', String(on));
  toggle.addEventListener('click', async () => {
    const on = toggle.getAttribute('aria-checked') !== 'true';
    show(on);
    try {
      await save(on);
    } catch (error) {
      show(!on);
      send(toggle, 'say', { text: sentence(said(error)) });
    }
  });
  const element = h('div', { class: 'field-toggle settings-switch' }, h('div', { class: 'grow' }, h('p', { id, class: 'settings-switch-name' }, label), h('p', { class: 'field-hint' }, hint)), toggle);
  return { element, show };
}
