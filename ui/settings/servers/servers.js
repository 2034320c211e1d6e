// @ts-check
// What the window knows of servers and settings: the last status of every server, and the settings
// file. Whoever shows them subscribes.

import { getSettings, givenAtStart, reconnectServer, savePreferences, watchServers } from '../../api.js';

/** @typedef {import('../../run/live/types.js').ServerStatus} ServerStatus */
/** @typedef {import('../../run/live/types.js').SettingsAnswer} SettingsAnswer */

const start = givenAtStart();
/** @type {ServerStatus[]} */
let servers = start?.servers ?? [];
/** @type {SettingsAnswer} */
let settings = start?.settings ?? {
  settings: {},
  warnings: [],
  notices: [],
  dataFolder: '',
  version: '',
  modelName: null,
  rules: { limits: {}, model: {}, server: {}, attempts: 0 },
};
let known = start !== null;
/** @type {Set<() => void>} */
const listeners = new Set();

export const allServers = () => servers;
export const allSettings = () => settings;
/** Whether the settings have been read at all. */
export const settingsKnown = () => settings.version !== '';
/** Whether the servers have been told at all. */
export const serversKnown = () => known;

/** @param {() => void} listener @returns {() => void} */
export function onServers(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Begins to listen; called once. */
export async function startServers() {
  watchServers((list) => {
    servers = list;
    known = true;
    tell();
  }).catch(() => {});
  await reloadSettings();
}

export async function reloadSettings() {
  settings = await getSettings();
  tell();
}

/** What the settings say of one server's limits. @param {string | null} name */
export function limitsOf(name) {
  const entry = name === null ? undefined : settings.settings.mcpServers?.[name];
  const usual = ruleOf('server', 'maxConcurrent').default ?? undefined;
  return { maxConcurrent: entry?.maxConcurrent ?? usual, requestsPerSecond: entry?.requestsPerSecond ?? null, attempts: settings.rules.attempts };
}

/** What a number of the settings may be. @param {'limits' | 'model' | 'server'} section @param {string} key @returns {import('../../run/live/types.js').NumberRule} */
export function ruleOf(section, key) {
  return settings.rules[section][key] ?? { default: null, whole: false };
}

/**
 * Whether what a server's tools say of themselves counts, or the person's word about all of them.
 * @param {string} name
 */
export function isTrusted(name) {
  const entry = settings.settings.mcpServers?.[name];
  return entry === undefined || entry.builtin !== undefined || entry.trusted === true || entry.readOnly === true;
}

/** @param {string} key @param {any} otherwise */
export function preference(key, otherwise) {
  return settings.settings.preferences?.[key] ?? otherwise;
}

/** @param {string} key @param {unknown} value */
export async function setPreference(key, value) {
  const preferences = { ...settings.settings.preferences, [key]: value };
  settings = { ...settings, settings: { ...settings.settings, preferences } };
  tell();
  await savePreferences({ [key]: value });
}

/** A failed server is connected again, now that it may work. @param {string} name */
export async function retryFailed(name) {
  if (servers.find((server) => server.name === name)?.state === 'failed') await reconnectServer(name);
}

function tell() {
  for (const listener of [...listeners]) listener();
}
