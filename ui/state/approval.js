// @ts-check
// What a person is asked before calls may run, in words, and what their answer means. Pure.

/** @typedef {import('./types.js').Run} Run */
/** @typedef {import('./types.js').Task} Task */
/** @typedef {import('../api.js').AllowedTool} AllowedTool */
/** @typedef {'sends' | 'changes' | 'destroys' | 'unknown'} Effect */

/** What a call may do. One of which nothing is known may do anything. @param {Task} task @returns {Effect} */
export function effect(task) {
  const tool = task.asked?.tool ?? null;
  if (tool === null) return 'unknown';
  if (tool.readOnly) return 'sends';
  return tool.destructive ? 'destroys' : 'changes';
}

/** Whether a call starts ticked. @param {Task} task */
export function startsTicked(task) {
  return effect(task) === 'sends' || effect(task) === 'changes';
}

/**
 * What “always” would be bound to; null where it makes no sense: a call that is asked about since it
 * sends results on is asked about each time.
 * @param {Task} task
 * @returns {AllowedTool | null}
 */
export function alwaysOf(task) {
  const tool = task.asked?.tool;
  if (!tool || tool.readOnly || !tool.definition || task.server === null) return null;
  return { server: task.server, tool: task.tool, definition: tool.definition };
}

/** @param {Task[]} tasks that are asked about */
export function title(tasks) {
  const one = tasks.length === 1;
  const calls = one ? '1 call' : `${tasks.length} calls`;
  const sends = tasks.filter((task) => effect(task) === 'sends').length;
  if (sends === tasks.length) return `Allow ${calls} that ${one ? 'sends' : 'send'} results on?`;
  if (sends === 0) return `Allow ${calls} that ${one ? 'changes' : 'change'} something?`;
  return `Allow ${calls} that change something or send results on?`;
}

/** Why a person is asked about all of these: the core's own words where they are the same for all. @param {Task[]} tasks */
export function reason(tasks) {
  const all = new Set(tasks.flatMap(reasons));
  if (all.size === 1) return [...all][0];
  const sends = tasks.filter((task) => effect(task) === 'sends').length;
  if (sends === 0) return 'asked because these tools are not marked as read-only';
  if (sends === tasks.length) return 'asked because results would leave the servers they came from';
  return 'asked because these tools are not marked as read-only, or results would leave their servers';
}

/** Where a call would send whose results; null for one that is asked about for what it does itself. @param {Task} task */
export function sendsWhat(task) {
  if (effect(task) !== 'sends') return null;
  const own = reasons(task);
  return own.length === 1 ? own[0] : (own.find((part) => part.includes(`tool ${task.tool} of server`)) ?? null);
}

/** A request for several calls joins their reasons. @param {Task} task */
function reasons(task) {
  return task.asked?.reason.split('; ') ?? [];
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
