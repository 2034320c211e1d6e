// @ts-check
// What the palette offers and how it ranks it. Pure: a command is data, whoever shows it runs it.

import { plural } from '../lib/format.js';
import { commandKey } from '../lib/keys.js';
import { counts } from '../run/run-facts.js';

/** @typedef {import('../run/live/types.js').Run} Run */
/** @typedef {{ group: string, icon: string, label: string, note?: string, key?: string, send: [name: string, detail?: any] }} Command */

/**
 * Commands that the run on show, the servers and the settings allow.
 * @param {{ run: Run | null, servers: import('../run/live/types.js').ServerStatus[] }} now
 * @returns {Command[]}
 */
export function commands({ run, servers }) {
  return [...runCommands(run), ...settingsCommands(servers)];
}

/**
 * Those that contain every word, those that begin with one first.
 * @param {Command[]} all
 * @param {string} words
 */
export function matching(all, words) {
  const parts = words.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = all.filter((command) => {
    const text = `${command.label} ${command.note ?? ''}`.toLowerCase();
    return parts.every((part) => text.includes(part));
  });
  const first = (/** @type {Command} */ command) => (parts.length > 0 && command.label.toLowerCase().startsWith(parts[0]) ? 0 : 1);
  return fits.map((command, place) => ({ command, place })).sort((a, b) => first(a.command) - first(b.command) || a.place - b.place).map(({ command }) => command);
}

/** Commands by group, groups in the order of their first one. @param {Command[]} list @returns {[string, Command[]][]} */
export function grouped(list) {
  /** @type {Map<string, Command[]>} */
  const groups = new Map();
  for (const command of list) groups.set(command.group, [...(groups.get(command.group) ?? []), command]);
  return [...groups];
}

/** @param {Run | null} run @returns {Command[]} */
function runCommands(run) {
  if (run === null || run.lastSeq < 0) return [];
  const group = 'This run';
  const count = counts(run);
  if (run.state === 'running') {
    /** @type {Command[]} */
    const live = [{ group, icon: 'square', label: 'Cancel run', key: commandKey('.'), send: ['run-act', 'cancel-run'] }];
    if (count.completed > 0 && count.open > 0) {
      live.unshift({ group, icon: 'pen-line', label: `Answer from ${plural(count.completed, 'result')}`, note: 'The other tasks are cancelled', send: ['run-act', 'stop-tasks'] });
    }
    return live;
  }
  /** @type {Command[]} */
  const ended = [{ group, icon: 'rotate-cw', label: 'Again: everything anew', note: 'Plan, execute and answer from the start', send: ['run-act', 'again'] }];
  if (run.answer !== '') ended.push({ group, icon: 'copy', label: 'Copy the answer', note: 'As Markdown', send: ['copy-answer'] });
  if (run.tasks.length > 0) ended.push({ group, icon: 'panel-right', label: 'Show the evidence', note: plural(run.tasks.length, 'task'), send: ['open-task', { index: 0, item: null }] });
  return ended;
}

/** @param {import('../run/live/types.js').ServerStatus[]} servers @returns {Command[]} */
function settingsCommands(servers) {
  const group = 'Servers and settings';
  const page = (/** @type {string} */ icon, /** @type {string} */ label, /** @type {string} */ section, /** @type {string} */ note) => ({ group, icon, label, note, send: /** @type {[string, any]} */ (['open-settings', { section }]) });
  const theme = (/** @type {string} */ icon, /** @type {string} */ label, /** @type {string} */ theme) => ({ group, icon, label, send: /** @type {[string, any]} */ (['choose-theme', { theme }]) });
  return [
    { group: 'Trawl', icon: 'plus', label: 'New question', key: commandKey('N'), send: ['new-question'] },
    { group, icon: 'plus', label: 'Add server', send: ['open-settings', { section: 'servers', add: true }] },
    ...servers.map((server) => ({
      group,
      icon: server.state === 'failed' || server.state === 'invalid' ? 'stethoscope' : 'server',
      label: `Server ${server.name}`,
      note: server.state === 'connected' ? plural(server.toolCount ?? 0, 'tool') : server.state === 'failed' ? `Failed: ${server.message ?? ''}` : server.state,
      send: /** @type {[string, any]} */ (['open-settings', { section: 'servers', server: server.name }]),
    })),
    theme('moon', 'Dark theme', 'dark'),
    theme('sun', 'Light theme', 'light'),
    theme('monitor', 'System theme', 'system'),
    page('cpu', 'Model', 'model', 'Provider, key, test'),
    page('sliders', 'Behaviour', 'behaviour', 'Tasks, time, reuse of results'),
    page('palette', 'Appearance', 'appearance', 'Theme of the window'),
    page('database', 'Data', 'data', 'Folder, what deleting does'),
    page('scroll-text', 'Logs', 'logs', 'Open the folder'),
    page('info', 'About', 'about', 'Version, all keys'),
  ];
}
