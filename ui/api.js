// @ts-check
// The only file that knows Tauri: every command of the window, and nothing but that. A command
// rejects with `{ code, message }`; `said` turns that into words.

/** @typedef {import('./run/live/types.js').RunEvent} RunEvent */
/** @typedef {import('./run/live/types.js').ServerStatus} ServerStatus */
/** @typedef {import('./run/live/types.js').RunRow} RunRow */

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

/**
 * `fresh` makes every call anew, even where the settings let earlier results be used again.
 * @param {string} question
 * @param {string | null} [continues]
 * @param {boolean} [fresh]
 * @returns {Promise<{ runId: string }>}
 */
export const ask = (question, continues, fresh) =>
  call('ask', { question, ...(continues && { continues }), ...(fresh && { fresh }) });

/**
 * Replays a run's events after `afterSeq`, then follows it. Works for stored runs too. An empty
 * message is the last one: nothing more will come.
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
/** @typedef {{ server: string, tool: string, definition: string }} AllowedTool */
/** @param {string} runId @param {number[]} approved @param {number[]} denied @param {AllowedTool[]} always */
export const resolveApproval = (runId, approved, denied, always) =>
  call('resolve_approval', { runId, approved, denied, always });

/**
 * Runs, newest first; those in which words occur, best first; or those of the thread of a run,
 * itself among them.
 * @param {{ words?: string, thread?: string, limit: number, offset: number }} query
 * @returns {Promise<{ runs: RunRow[], total: number }>}
 */
export const listRuns = (query) => call('list_runs', query);
/** @param {string[]} runIds */
export const deleteRuns = (runIds) => call('delete_runs', { runIds });
/** The whole result as JSON text. @param {string} runId @param {number} index @returns {Promise<string | null>} */
export const taskResult = (runId, index) => call('task_result', { runId, index });
/** One item of a result, or of a text its beginning; nothing of the rest. @param {string} runId @param {number} index @param {number | null} item from 1 @returns {Promise<{ item: any, text: string | null }>} */
export const cited = (runId, index, item) => call('cited', { runId, index, item });
/** Makes ready what is about to be looked at. @param {string} runId @param {number[]} indexes */
export const openResults = (runId, indexes) => call('open_results', { runId, indexes });
/** @param {string} runId @param {'md' | 'json'} format @returns {Promise<string>} */
export const exportRun = (runId, format) => call('export_run', { runId, format });
/** Writes a new file, and says which. @param {string} runId @param {'md' | 'json'} format @returns {Promise<string>} */
export const saveExport = (runId, format) => call('save_export', { runId, format });

/**
 * @param {string} text
 * @param {number} tasks how many there are to be cited
 * @returns {Promise<{ html: string, end: number }[]>}
 */
export const renderMarkdown = (text, tasks) => call('render_markdown', { text, tasks });

/**
 * What the window gave the page along before its first paint: the answers to `get_settings` and
 * `watch_servers` of that moment. Nothing to a page that is loaded again, since they have aged.
 * @returns {{ settings: import('./run/live/types.js').SettingsAnswer, servers: ServerStatus[] } | null}
 */
export function givenAtStart() {
  const [navigation] = performance.getEntriesByType('navigation');
  const again = /** @type {any} */ (navigation)?.type === 'reload';
  return again ? null : (/** @type {any} */ (window).trawlStart ?? null);
}

/** @returns {Promise<import('./run/live/types.js').SettingsAnswer>} */
export const getSettings = () => call('get_settings');
/** @param {string} name @param {Record<string, unknown>} entry @param {string} [previousName] */
export const saveServer = (name, entry, previousName) =>
  call('save_server', previousName ? { name, previousName, entry } : { name, entry });
/** @param {string} name */
export const removeServer = (name) => call('remove_server', { name });
/** @param {string} name @param {boolean} enabled */
export const setServerEnabled = (name, enabled) => call('set_server_enabled', { name, enabled });
/** @param {string} name @param {Record<string, unknown>} entry @param {string} [previousName] @returns {Promise<ServerStatus>} */
export const testServer = (name, entry, previousName) => call('test_server', previousName ? { name, previousName, entry } : { name, entry });
/** @param {(servers: ServerStatus[]) => void} listener */
export const watchServers = (listener) => call('watch_servers', { channel: channel(listener) });
/** Connects a server of the settings now, if it is not. @param {string} name @returns {Promise<ServerStatus>} */
export const reconnectServer = (name) => call('reconnect_server', { name });
/** @param {string} server @param {string} tool */
export const withdrawApproval = (server, tool) => call('withdraw_approval', { server, tool });
/** Those not given stay; null takes one back to its default. @param {Record<string, unknown>} limits */
export const saveLimits = (limits) => call('save_limits', { limits });
/** Those not given stay. @param {Record<string, unknown>} preferences */
export const savePreferences = (preferences) => call('save_preferences', { preferences });

/** @typedef {import('./run/live/types.js').ModelSettings} ModelSettings */

/** @returns {Promise<import('./run/live/types.js').Preset[]>} */
export const presets = () => call('presets');
/** @returns {Promise<import('./run/live/types.js').DetectedModel[]>} */
export const detectModels = () => call('detect_models');
/** @param {Partial<ModelSettings>} model @returns {Promise<import('./run/live/types.js').OfferedModel[]>} */
export const listModels = (model) => call('list_models', { model });
/** @param {Partial<ModelSettings>} model @param {string} [key] @returns {Promise<import('./run/live/types.js').ModelTest>} */
export const testModel = (model, key) => call('test_model', key ? { model, key } : { model });
/** What is not given stays, unless another server is chosen. @param {Partial<ModelSettings>} model */
export const saveModel = (model) => call('save_model', { model });

/** @typedef {import('./run/live/types.js').KeyStatus} KeyStatus */

/** @param {Partial<ModelSettings>} model @returns {Promise<KeyStatus>} */
export const keyStatus = (model) => call('key_status', { model });
/** @param {Partial<ModelSettings>} model @param {string} key @returns {Promise<KeyStatus>} */
export const saveKey = (model, key) => call('save_key', { model, key });
/** @param {Partial<ModelSettings>} model @returns {Promise<KeyStatus>} */
export const forgetKey = (model) => call('forget_key', { model });

/** @param {string} url http, https or mailto */
export const openLink = (url) => call('open_link', { url });
export const openLogs = () => call('open_logs');
export const openDataFolder = () => call('open_data_folder');
