// @ts-check
// The only file that knows Tauri: every command of the window, and nothing but that. A command
// rejects with `{ code, message }`; `said` turns that into words.

/** @typedef {import('./state/types.js').RunEvent} RunEvent */
/** @typedef {import('./state/types.js').ServerStatus} ServerStatus */
/** @typedef {import('./state/types.js').RunRow} RunRow */

const core = /** @type {any} */ (window).__TAURI__.core;

/** @param {string} command @param {Record<string, unknown>} [given] @returns {Promise<any>} */
function call(command, given) {
  return core.invoke(command, given);
}

/** @param {(message: any) => void} listener */
function channel(listener) {
  const made = new core.Channel();
  made.onmessage = listener;
  return made;
}

/** What went wrong, for people. @param {unknown} error @returns {string} */
export function said(error) {
  if (typeof error === 'string') return error;
  const message = /** @type {any} */ (error)?.message;
  return typeof message === 'string' ? message : JSON.stringify(error);
}

/** @param {string} question @param {string | null} [continues] @returns {Promise<{ runId: string }>} */
export const ask = (question, continues) =>
  call('ask', continues ? { question, continues } : { question });

/**
 * Replays a run's events after `afterSeq`, then follows it. Works for stored runs too.
 * @param {string} runId
 * @param {number | null} afterSeq
 * @param {(events: RunEvent[]) => void} listener
 * @returns {Promise<null>}
 */
export const watchRun = (runId, afterSeq, listener) =>
  call('watch_run', { runId, afterSeq, channel: channel(listener) });

/** @param {string} runId */
export const cancelRun = (runId) => call('cancel_run', { runId });
/** @param {string} runId */
export const stopTasks = (runId) => call('stop_tasks', { runId });
/** @param {string} runId @param {number} index */
export const stopTask = (runId, index) => call('stop_task', { runId, index });
/** @param {string} runId @param {number[]} approved @param {number[]} denied */
export const resolveApproval = (runId, approved, denied) =>
  call('resolve_approval', { runId, approved, denied });

/**
 * @param {{ words?: string, limit: number, offset: number }} query
 * @returns {Promise<{ runs: RunRow[], total: number }>}
 */
export const listRuns = (query) => call('list_runs', query);
/** @param {string[]} runIds */
export const deleteRuns = (runIds) => call('delete_runs', { runIds });
/** The whole result as JSON text. @param {string} runId @param {number} index @returns {Promise<string | null>} */
export const taskResult = (runId, index) => call('task_result', { runId, index });
/** @param {string} runId @param {'md' | 'json'} format @returns {Promise<string>} */
export const exportRun = (runId, format) => call('export_run', { runId, format });

/**
 * @param {string} text
 * @param {number} tasks how many there are to be cited
 * @returns {Promise<{ html: string, end: number }[]>}
 */
export const renderMarkdown = (text, tasks) => call('render_markdown', { text, tasks });

/** @returns {Promise<import('./state/types.js').SettingsAnswer>} */
export const getSettings = () => call('get_settings');
/** @param {string} name @param {Record<string, unknown>} entry @param {string} [previousName] */
export const saveServer = (name, entry, previousName) =>
  call('save_server', previousName ? { name, previousName, entry } : { name, entry });
/** @param {string} name */
export const removeServer = (name) => call('remove_server', { name });
/** @param {string} name @param {boolean} enabled */
export const setServerEnabled = (name, enabled) => call('set_server_enabled', { name, enabled });
/** @param {string} name @param {Record<string, unknown>} entry @returns {Promise<ServerStatus>} */
export const testServer = (name, entry) => call('test_server', { name, entry });
/** @param {(servers: ServerStatus[]) => void} listener */
export const watchServers = (listener) => call('watch_servers', { channel: channel(listener) });
/** @param {Record<string, unknown>} preferences */
export const savePreferences = (preferences) => call('save_preferences', { preferences });

/** @typedef {import('./state/types.js').ModelSettings} ModelSettings */

/** @returns {Promise<import('./state/types.js').Preset[]>} */
export const presets = () => call('presets');
/** @returns {Promise<import('./state/types.js').DetectedModel[]>} */
export const detectModels = () => call('detect_models');
/** @param {ModelSettings} model @returns {Promise<string[]>} */
export const listModels = (model) => call('list_models', { model });
/** @param {ModelSettings} model @param {string} [key] @returns {Promise<import('./state/types.js').ModelTest>} */
export const testModel = (model, key) => call('test_model', key ? { model, key } : { model });
/** @param {ModelSettings} model @param {string} [key] @returns {Promise<{ keyStored: 'keychain' | 'env' | 'run' | 'none', message?: string }>} */
export const saveModel = (model, key) => call('save_model', key ? { model, key } : { model });

/** @param {string} url http, https or mailto */
export const openLink = (url) => call('open_link', { url });
export const openLogs = () => call('open_logs');
