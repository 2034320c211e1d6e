// @ts-check
// A number that a person types into a setting: what it means, and what is wrong with it. Pure.

/**
 * @typedef {object} NumberSetting
 * @property {'limits' | 'model'} section of settings.json
 * @property {string} key in that
 * @property {string} label
 * @property {string} [unit]
 * @property {string} [otherwise] shown while nothing is set and no number stands for it
 * @property {string} [hint]
 */

/** `96,000`, `96 000` and `96000` are the same, `0,5` is `0.5`; empty is null. @param {string} typed */
export function numberOf(typed) {
  const plain = typed.replace(/[\s_]/g, '');
  if (plain === '') return null;
  const grouped = /^[1-9]\d{0,2}(,\d{3})+(\.\d+)?$/.test(plain);
  return Number(grouped ? plain.replaceAll(',', '') : plain.replace(',', '.'));
}

/** What is wrong, or nothing. @param {Partial<import('../run/live/types.js').NumberRule>} rule @param {string} typed */
export function mistakeIn({ above, least, whole }, typed) {
  const value = numberOf(typed);
  if (value === null) return '';
  const kind = whole === true ? 'A whole number' : 'A number';
  const bound = above !== undefined ? ` above ${above}` : least !== undefined ? ` of at least ${least}` : '';
  const fits = Number.isFinite(value) && (whole !== true || Number.isSafeInteger(value)) && (above === undefined || value > above) && (least === undefined || value >= least);
  return fits ? '' : `${kind}${bound}`;
}

/** As it is shown in its field. @param {unknown} value */
export function shownNumber(value) {
  if (typeof value !== 'number') return value === undefined || value === null ? '' : String(value);
  return Number.isInteger(value) && Math.abs(value) >= 10_000 ? String(value).replace(/\B(?=(\d{3})+$)/g, ',') : String(value);
}
