// @ts-check
// The numbers of settings.json that a person can change, in words. What they may be comes with the
// settings. Pure.

/** @typedef {import('./number-setting.js').NumberSetting} NumberSetting */

/** Of a question. @type {(NumberSetting & { name: string })[]} */
export const limitSettings = [
  { section: 'limits', key: 'maxTasks', name: 'Tasks per plan', label: 'Tasks per plan', hint: 'A longer plan is cut there, and its note says so.' },
  { section: 'limits', key: 'runTimeoutSeconds', name: 'Time limit', label: 'Seconds a question may take', unit: 's', hint: 'Then the open tasks are stopped, and the answer is written from the others.' },
  { section: 'limits', key: 'waitForServersSeconds', name: 'Wait for servers', label: 'Seconds to wait for servers', unit: 's', hint: 'How long a question waits for servers that are still starting.' },
  { section: 'limits', key: 'reuseSeconds', name: 'Use results again', label: 'Use results again for this many seconds', unit: 's', hint: 'For this long, the result of a read-only tool is used again instead of calling the tool; 0 means never.' },
];

/** What a model may read. @type {NumberSetting} */
export const contextSetting = { section: 'limits', key: 'contextTokens', label: 'Context budget', otherwise: 'automatic' };

/** How long a model is waited for. @type {NumberSetting[]} */
export const timeOutSettings = [
  { section: 'model', key: 'connectTimeoutSeconds', label: 'To connect', unit: 's' },
  { section: 'model', key: 'firstTokenTimeoutSeconds', label: 'To the first token', unit: 's' },
  { section: 'model', key: 'idleTimeoutSeconds', label: 'Between tokens', unit: 's' },
];

/** Of a million tokens. @type {NumberSetting[]} */
export const priceSettings = [
  { section: 'model', key: 'input', label: 'Read', otherwise: 'none' },
  { section: 'model', key: 'output', label: 'Written', otherwise: 'none' },
];
