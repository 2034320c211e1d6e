// @ts-check
// Which card of the model page stands for the settings, and what the page says of models, keys and
// tests. Pure.

import { duration, plural } from '../../lib/format.js';

/** @typedef {import('../../run/live/types.js').Preset} Preset */
/** @typedef {import('../../run/live/types.js').ModelSettings} ModelSettings */
/** @typedef {import('../../run/live/types.js').DetectedModel} DetectedModel */
/** @typedef {import('../../run/live/types.js').KeyStatus} KeyStatus */
/** @typedef {import('../../run/live/types.js').ModelTest} ModelTest */

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

/**
 * What a chosen card begins with: what is saved for it, else what its preset fills in.
 * @param {Preset | undefined} preset
 * @param {ModelSettings} saved
 * @param {Preset[]} presets
 */
export function draftOf(preset, saved, presets) {
  const used = preset !== undefined && presetOf(saved, presets) === preset.id;
  return {
    provider: preset?.provider ?? 'builtin',
    baseUrl: (used ? saved.baseUrl : null) ?? preset?.baseUrl ?? '',
    apiKeyEnv: (used ? saved.apiKeyEnv : preset?.apiKeyEnv) ?? '',
    model: (used ? saved.model : null) ?? '',
  };
}

/**
 * Every model of every server that was found, each to be used in one click.
 * @param {DetectedModel[]} found
 * @returns {{ server: string, provider: string, baseUrl: string, model: string, context: string }[]}
 */
export function offersOf(found) {
  return found.flatMap(({ name, provider, baseUrl, models }) => models.map((model) => ({ server: name, provider, baseUrl, model: model.name, context: contextWords(model.contextTokens) })));
}

/**
 * The model that typed words name: a listed one only where they are its whole name. A part of a
 * name may be another model's whole one, which the list does not have.
 * @param {string} typed
 * @param {{ name: string }[]} models
 * @returns {{ name: string, listed: boolean }}
 */
export function typedModel(typed, models) {
  const words = typed.trim();
  const same = (/** @type {{ name: string }} */ { name }) => name.toLowerCase() === words.toLowerCase();
  const found = models.find(({ name }) => name === words) ?? models.find(same);
  return { name: found?.name ?? words, listed: found !== undefined };
}

/** More are in the settings. */
const MOST_IN_MENU = 10;

/** @typedef {{ label: string, note: string, checked: boolean, model: Partial<ModelSettings> }} MenuModel */

/**
 * What the composer's menu offers: the model in use, the others of its server, and those that run on
 * this machine. `model` is what choosing one keeps.
 * @param {ModelSettings | undefined} saved
 * @param {string | null} inUse its name
 * @param {{ name: string, contextTokens?: number | null }[]} offered by the server in use
 * @param {DetectedModel[]} found on this machine
 * @returns {{ own: MenuModel[], local: MenuModel[] }}
 */
export function menuModels(saved, inUse, offered, found) {
  const { provider = 'builtin', baseUrl = null } = saved ?? {};
  const names = inUse === null ? [] : [...new Set([inUse, ...offered.map(({ name }) => name)])].slice(0, MOST_IN_MENU);
  const noteOf = (/** @type {string} */ name) => contextWords(offered.find((one) => one.name === name)?.contextTokens);
  const own = names.map((name) => ({ label: name, note: noteOf(name), checked: name === inUse, model: { provider, baseUrl, model: name } }));
  const local = offersOf(found)
    .filter((one) => inUse === null || one.provider !== provider || trimmed(one.baseUrl) !== trimmed(baseUrl))
    .slice(0, MOST_IN_MENU)
    .map((one) => ({ label: one.model, note: one.server, checked: false, model: { provider: one.provider, baseUrl: one.baseUrl, model: one.model } }));
  return { own, local };
}

/** Servers that run and have nothing to offer yet. @param {DetectedModel[]} found */
export function emptyServers(found) {
  return found.filter(({ models }) => models.length === 0).map(({ name }) => name);
}

/** `131k context`. @param {number | null | undefined} tokens */
export function contextWords(tokens) {
  if (tokens === null || tokens === undefined || !(tokens > 0)) return '';
  if (tokens < 1000) return `${tokens} context`;
  return tokens < 999_500 ? `${Math.round(tokens / 1000)}k context` : `${Math.round(tokens / 100_000) / 10}M context`;
}

/** Where a key is, in a few words. @param {KeyStatus | null} status */
export function keyWords(status) {
  switch (status?.source?.kind) {
    case 'keychain':
      return 'In keychain';
    case 'environment':
      return `From environment variable ${status.source.variable}`;
    case 'thisRun':
      return 'Kept until Trawl closes';
    default:
      return '';
  }
}

/** Why a test failed, as a headline; the reason follows it. @type {Record<string, string>} */
const reasons = {
  no_model: 'No model chosen',
  bad_address: 'Wrong URL',
  wrong_address: 'Wrong URL',
  unreachable: 'Unreachable',
  wrong_key: 'Wrong key',
  missing_key: 'No key',
  no_credit: 'No credit',
  unknown_model: 'Model unknown',
  busy: 'Busy',
  timed_out: 'Too slow',
  too_long: 'Too little context',
  refused: 'Refused',
  broken_off: 'Broken off',
};

/** @param {ModelTest} test */
export function testWords({ ok, code, firstTokenMs, tokensPerSecond }) {
  if (!ok) return reasons[code ?? ''] ?? 'Failed';
  const first = firstTokenMs == null ? null : `first token in ${firstTokenMs < 999.5 ? `${Math.max(1, Math.round(firstTokenMs))} ms` : duration(firstTokenMs)}`;
  const speed = tokensPerSecond == null ? null : `${plural(Math.max(1, Math.round(tokensPerSecond)), 'token')} a second`;
  const words = [first, speed].filter((part) => part !== null).join(' · ');
  return words === '' ? 'Works' : words[0].toUpperCase() + words.slice(1);
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
