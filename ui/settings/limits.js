// @ts-check
// The numbers of settings.json that a person can change, with their bounds. Pure.

/** @typedef {import('./number-setting.js').NumberSetting} NumberSetting */

/** Of a question. @type {(NumberSetting & { name: string })[]} */
export const limitSettings = [
  { key: 'maxTasks', name: 'Tasks per plan', label: 'Tasks per plan', otherwise: 32, least: 1, whole: true, hint: 'A longer plan is cut there, and its note says so.' },
  { key: 'runTimeoutSeconds', name: 'Time limit', label: 'Seconds a question may take', otherwise: 600, above: 0, unit: 's', hint: 'Then the open tasks are stopped, and the answer is written from the others.' },
  { key: 'waitForServersSeconds', name: 'Wait for servers', label: 'Seconds to wait for servers', otherwise: 3, least: 0, unit: 's', hint: 'How long a question waits for servers that are still starting.' },
  { key: 'reuseSeconds', name: 'Use results again', label: 'Use results again for this many seconds', otherwise: 0, least: 0, unit: 's', hint: 'For this long, the result of a read-only tool is used again instead of calling the tool; 0 means never.' },
];

/** What a model may read. @type {NumberSetting} */
export const contextSetting = { key: 'contextTokens', label: 'Context budget', otherwise: 'automatic', least: 1, whole: true };

/** How long a model is waited for. @type {NumberSetting[]} */
export const timeOutSettings = [
  { key: 'connectTimeoutSeconds', label: 'To connect', otherwise: 10, above: 0, unit: 's' },
  { key: 'firstTokenTimeoutSeconds', label: 'To the first token', otherwise: 120, above: 0, unit: 's' },
  { key: 'idleTimeoutSeconds', label: 'Between tokens', otherwise: 60, above: 0, unit: 's' },
];

/** Of a million tokens. @type {NumberSetting[]} */
export const priceSettings = [
  { key: 'input', label: 'Read', otherwise: 'none', least: 0 },
  { key: 'output', label: 'Written', otherwise: 'none', least: 0 },
];
