// @ts-check
// Between a server's entry in settings.json and what its form shows. Keys that the form does not
// know are kept. Pure.

import { mistakeIn, numberOf } from '../number-setting.js';

/** `kept` stands for a secret value, which the page does not get. @typedef {{ name: string, value: string, kept?: { kept: string } }} Pair */
/**
 * @typedef {object} Draft
 * @property {string} name
 * @property {'command' | 'url' | 'builtin'} kind
 * @property {string} command
 * @property {string} args one a line; as a JSON string where a line cannot hold it
 * @property {string} cwd
 * @property {Pair[]} env
 * @property {string} url
 * @property {Pair[]} headers
 * @property {string} timeout seconds
 * @property {string} atOnce
 * @property {string} perSecond
 * @property {boolean} readOnly
 * @property {boolean} trusted what its tools say of themselves counts
 */

/** Fields of a draft that hold numbers, and their keys. @type {[('timeout' | 'atOnce' | 'perSecond'), string][]} */
const numbers = [
  ['timeout', 'timeoutSeconds'],
  ['atOnce', 'maxConcurrent'],
  ['perSecond', 'requestsPerSecond'],
];

/** @param {string | null} name @param {Record<string, any> | null} entry @returns {Draft} */
export function toDraft(name, entry) {
  const given = entry ?? {};
  return {
    name: name ?? '',
    kind: given.builtin !== undefined ? 'builtin' : given.url !== undefined ? 'url' : 'command',
    command: text(given.command),
    args: Array.isArray(given.args) ? given.args.map((argument) => line(String(argument))).join('\n') : '',
    cwd: text(given.cwd),
    env: pairs(given.env),
    url: text(given.url),
    headers: pairs(given.headers),
    timeout: text(given.timeoutSeconds),
    atOnce: text(given.maxConcurrent),
    perSecond: text(given.requestsPerSecond),
    readOnly: given.readOnly === true,
    // Whoever adds a server here has its tools in view.
    trusted: entry === null || given.trusted === true,
  };
}

/**
 * @param {Draft} draft
 * @param {Record<string, any> | null} before the entry as it was
 * @returns {Record<string, any>}
 */
export function toEntry(draft, before) {
  const entry = { ...before };
  for (const key of ['command', 'args', 'env', 'cwd', 'url', 'headers']) delete entry[key];
  if (draft.kind === 'command') {
    entry.command = draft.command.trim();
    entry.args = draft.args.split('\n').filter((line) => line !== '').map(argument);
    entry.env = fromPairs(draft.env);
    if (draft.cwd.trim() !== '') entry.cwd = draft.cwd.trim();
  } else if (draft.kind === 'url') {
    entry.url = draft.url.trim();
    entry.headers = fromPairs(draft.headers);
  }
  if (draft.kind !== 'builtin') delete entry.builtin;
  for (const [field, key] of numbers) number(entry, key, draft[field]);
  if (draft.readOnly) entry.readOnly = true;
  else delete entry.readOnly;
  if (draft.kind !== 'builtin') {
    if (draft.trusted) entry.trusted = true;
    else delete entry.trusted;
  }
  return entry;
}

/**
 * What is wrong with a draft, by field.
 * @param {Draft} draft
 * @param {string[]} taken names of the other servers
 * @param {Record<string, import('../../run/live/types.js').NumberRule>} rules of a server's numbers
 * @returns {Record<string, string>}
 */
export function mistakes(draft, taken, rules) {
  /** @type {Record<string, string>} */
  const found = {};
  const name = draft.name.trim();
  if (name === '') found.name = 'A server needs a name';
  else if (taken.includes(name)) found.name = `There is already a server “${name}”`;
  if (draft.kind === 'command' && draft.command.trim() === '') found.command = 'Name the program to start';
  if (draft.kind === 'url' && !/^https?:\/\/\S+$/.test(draft.url.trim())) found.url = 'An address begins with http:// or https://';
  for (const [field, key] of numbers) {
    const wrong = mistakeIn(rules[key] ?? {}, draft[field]);
    if (wrong !== '') found[field] = wrong;
  }
  return found;
}

/** @param {Record<string, any>} entry @param {string} key @param {string} given */
function number(entry, key, given) {
  const value = numberOf(given);
  if (value === null) delete entry[key];
  else entry[key] = value;
}

/** @param {string} argument */
function line(argument) {
  return argument === '' || /^"|[\r\n]/.test(argument) ? JSON.stringify(argument) : argument;
}

/** @param {string} line */
function argument(line) {
  if (!line.startsWith('"')) return line;
  try {
    return String(JSON.parse(line));
  } catch {
    return line;
  }
}

/** @param {any} value */
function text(value) {
  return value === undefined || value === null ? '' : String(value);
}

/** @param {any} object @returns {Pair[]} */
function pairs(object) {
  if (object === null || typeof object !== 'object') return [];
  return Object.entries(object).map(([name, value]) => (typeof value?.kept === 'string' ? { name, value: '', kept: value } : { name, value: String(value) }));
}

/** @param {Pair[]} list */
function fromPairs(list) {
  return Object.fromEntries(list.filter(({ name }) => name.trim() !== '').map(({ name, value, kept }) => [name.trim(), kept !== undefined && value === '' ? kept : value]));
}
