// @ts-check
// Which card of the model page stands for the settings, and what the cards say. Pure.

/** @typedef {import('./types.js').Preset} Preset */
/** @typedef {import('./types.js').ModelSettings} ModelSettings */

/**
 * The preset that the settings mean: same provider, same address.
 * @param {ModelSettings} model
 * @param {Preset[]} presets
 */
export function presetOf(model, presets) {
  if (model.provider === 'builtin') return 'builtin';
  const own = presets.filter((preset) => preset.provider === model.provider);
  const url = trimmed(model.baseUrl);
  const same = own.find((preset) => trimmed(preset.baseUrl) === url && url !== '');
  if (same !== undefined) return same.id;
  if (url === '') return own[0]?.id ?? 'builtin';
  const other = own.find((preset) => preset.baseUrl === null) ?? own.find((preset) => preset.id === 'other');
  return (other ?? own[0])?.id ?? 'builtin';
}

/** @param {Preset[]} presets @returns {{ id: string, name: string, note: string }[]} */
export function cardsOf(presets) {
  return [
    { id: 'builtin', name: 'Built-in', note: 'No model, plain lists' },
    ...presets.filter(({ id }) => id !== 'builtin').map(({ id, name, baseUrl }) => ({ id, name, note: place(baseUrl) })),
  ];
}

/** @param {string | null} baseUrl */
function place(baseUrl) {
  if (baseUrl === null || baseUrl === '') return 'Any base URL';
  try {
    const { hostname } = new URL(baseUrl);
    return /^(localhost|127\.|\[::1\])/.test(hostname) ? 'On this machine' : hostname;
  } catch {
    return baseUrl;
  }
}

/** @param {string | null | undefined} url */
function trimmed(url) {
  return (url ?? '').replace(/\/+$/, '');
}
