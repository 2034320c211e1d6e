// @ts-check
// What a person is asked before calls may run, in words, and what their answer means. Pure.

import { plural } from '../lib/format.js';

/** @typedef {import('../run/live/types.js').Task} Task */
/** @typedef {import('../api.js').AllowedTool} AllowedTool */
/** @typedef {'changes' | 'destroys' | 'sends' | 'untrusted' | 'unknown'} Effect */

/** What a call does. One of which nothing is known may do anything. @param {Task} task @returns {Effect[]} */
export function effects(task) {
  const tool = task.asked?.tool ?? null;
  if (tool === null) return ['unknown'];
  if (tool.effects !== undefined) return tool.effects;
  // As an earlier version told it.
  if (tool.readOnly) return ['sends'];
  return [tool.destructive ? 'destroys' : 'changes'];
}

/** The servers whose results a call would carry to its own. @param {Task} task @returns {string[]} */
export function sendsFrom(task) {
  return task.asked?.tool?.sendsFrom ?? [];
}

/** Whether a call starts ticked, where several are asked about. @param {Task} task */
export function startsTicked(task) {
  return effects(task).every((effect) => effect === 'changes' || effect === 'untrusted');
}

/**
 * What “always” would be bound to; null where it would do nothing: a call that carries results on is
 * asked about each time.
 * @param {Task} task
 * @returns {AllowedTool | null}
 */
export function alwaysOf(task) {
  const tool = task.asked?.tool;
  const own = effects(task);
  const changes = own.includes('changes') || own.includes('destroys');
  if (!tool || !changes || own.includes('sends') || !tool.definition || task.server === null) return null;
  return { server: task.server, tool: task.tool, definition: tool.definition };
}

/** Servers that become trusted when one of these calls is allowed, each once. @param {Task[]} tasks */
export function untrusted(tasks) {
  const of = tasks.filter((task) => effects(task).includes('untrusted'));
  return [...new Set(of.map((task) => task.server ?? ''))];
}

/** @param {Task[]} tasks that are asked about */
export function title(tasks) {
  const one = tasks.length === 1;
  const calls = plural(tasks.length, 'call');
  const all = new Set(tasks.flatMap(effects));
  const does = [];
  if (all.has('changes') || (!one && all.has('destroys'))) does.push(one ? 'changes something' : 'change something');
  else if (all.has('destroys')) does.push('may destroy something');
  if (all.has('unknown')) does.push('may do anything');
  if (all.has('sends')) does.push(one ? 'sends results on' : 'send results on');
  const servers = untrusted(tasks);
  if (does.length === 0 && servers.length > 0) return `Trust ${servers.length === 1 ? servers[0] : plural(servers.length, 'server')} and allow ${calls}?`;
  return `Allow ${calls} that ${does.join(one ? ' and ' : ' or ')}?`;
}

/** Why a person is asked about all of these. @param {Task[]} tasks */
export function reason(tasks) {
  const all = new Set(tasks.flatMap(effects));
  const why = [];
  if (all.has('changes') || all.has('destroys')) why.push(tasks.length === 1 ? 'this tool is not marked as read-only' : 'tools are not marked as read-only');
  if (all.has('unknown')) why.push('nothing is known of a tool');
  if (all.has('sends')) why.push('results would leave the servers they came from');
  const servers = untrusted(tasks);
  if (servers.length > 0) why.push(servers.length === 1 ? `${servers[0]} is not trusted yet` : `${servers.length} servers are not trusted yet`);
  return `Asked because ${list(why)}`;
}

/** `a`, `a and b`, `a, b and c`. @param {string[]} parts */
export function list(parts) {
  if (parts.length < 2) return parts.join('');
  return `${parts.slice(0, -1).join(', ')} and ${parts[parts.length - 1]}`;
}

/**
 * The words of the two buttons. A single call has no tick: its two verbs decide.
 * @param {Task[]} tasks
 * @param {number} ticked how many of several
 * @param {boolean} always a single call's tool is to be allowed for good
 * @returns {{ allow: string, deny: string, can: boolean }} `can` is false where nothing would run
 */
export function verbs(tasks, ticked, always) {
  if (tasks.length === 1) {
    const trusts = untrusted(tasks).length > 0;
    const allow = always ? 'Always allow' : trusts ? 'Trust and allow' : 'Allow once';
    return { allow, deny: 'Deny', can: true };
  }
  const deny = `Skip all ${tasks.length}`;
  return ticked === 0 ? { allow: 'Tick what may run', deny, can: false } : { allow: `Run ${plural(ticked, 'call')}`, deny, can: true };
}

/**
 * @param {Task[]} tasks that are decided on
 * @param {(task: Task) => boolean} isTicked
 * @param {(task: Task) => boolean} isAlways
 * @returns {{ approved: number[], denied: number[], always: AllowedTool[] }}
 */
export function decision(tasks, isTicked, isAlways) {
  const approved = tasks.filter(isTicked);
  const always = new Map();
  for (const task of approved) {
    const tool = alwaysOf(task);
    if (tool !== null && isAlways(task)) always.set(JSON.stringify(tool), tool);
  }
  const index = (/** @type {Task} */ task) => task.index;
  return { approved: approved.map(index), denied: tasks.filter((task) => !isTicked(task)).map(index), always: [...always.values()] };
}
