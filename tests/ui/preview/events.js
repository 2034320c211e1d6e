// Writes the events of a run from a short description, so that a scene is a list of tasks.
// Times in milliseconds on the run's axis.

import { readResult } from '/evidence/items.js';

/**
 * @typedef {object} TaskPlan
 * @property {string} tool
 * @property {string | null} server
 * @property {object} args
 * @property {number} at when it was planned
 * @property {[number, string, object?][]} [waits] when, for what, what else is known of it
 * @property {number} [start]
 * @property {[number, number, string][]} [retries] when, delay, reason
 * @property {[number, number, number | undefined, string | undefined][]} [progress]
 * @property {[number, string, number?, { code: string, message: string }?]} [end] when, status, bytes, error
 * @property {{ runId: string, ageMs: number }} [reused]
 * @property {number[]} [dependsOn]
 * @property {string} [description]
 */

/** @param {{ id: string, question: string, startedAt: string, servers: string[], toolCount: number, discoverMs: number, planner: string, planStart: number, planEnd: number | null, tasks: TaskPlan[], after?: object[], note?: string, continues?: string }} run */
export function eventsOf(run) {
  const list = [];
  const add = (atMs, type, fields = {}) => list.push({ atMs, order: list.length, type, ...fields });
  add(0, 'started', { question: run.question, startedAt: run.startedAt, ...(run.continues ? { continues: run.continues } : {}) });
  run.servers.forEach((server, k) => add(2 + k, 'serverReady', { server, toolCount: Math.round(run.toolCount / run.servers.length), elapsedMs: 2 + k }));
  add(run.discoverMs, 'toolsDiscovered', { count: run.toolCount, elapsedMs: run.discoverMs });
  add(run.planStart, 'planStarted', { planner: run.planner });
  run.tasks.forEach((task, index) => task !== null && taskEvents(add, task, index, itemsOf(run, index)));
  if (run.planEnd !== null) add(run.planEnd, 'planned', { taskCount: run.tasks.length, elapsedMs: run.planEnd - run.planStart, ...(run.usage ? { usage: run.usage } : {}), ...(run.note ? { note: run.note } : {}) });
  for (const event of run.after ?? []) list.push({ order: list.length, ...event });
  list.sort((a, b) => a.atMs - b.atMs || a.order - b.order);
  return list.map(({ order, ...event }, seq) => ({ runId: run.id, seq, ...event }));
}

/** How many items the scene's result of a task has. */
function itemsOf(run, index) {
  const result = run.results?.[index];
  return result === undefined ? 50 : readResult(result).items?.length;
}

function taskEvents(add, task, index, items) {
  add(task.at, 'taskPlanned', { index, id: `t${index + 1}`, server: task.server, tool: task.tool, arguments: task.args, description: task.description ?? '', dependsOn: task.dependsOn ?? [], priority: 0 });
  for (const [at, reason, known] of task.waits ?? []) add(at, 'taskWaiting', { index, reason, ...known });
  let attempt = 1;
  if (task.start !== undefined) add(task.start, 'taskStarted', { index, attempt });
  for (const [at, delayMs, reason] of task.retries ?? []) {
    add(at, 'taskRetrying', { index, attempt, delayMs, reason });
    attempt += 1;
    add(at + delayMs, 'taskStarted', { index, attempt });
  }
  for (const [at, progress, total, message] of task.progress ?? []) add(at, 'taskProgress', { index, progress, total, message });
  if (task.end) {
    const [at, status, resultBytes = 0, error] = task.end;
    const elapsedMs = task.start === undefined ? 0 : at - task.start;
    add(at, 'taskFinished', { index, status, elapsedMs, attempts: task.start === undefined ? 0 : attempt, resultBytes, preview: '', ...(status === 'completed' && items !== undefined ? { items } : {}), ...(task.reused ? { reused: task.reused } : {}), ...(error ? { error } : {}) });
  }
}

/** The event after the last task. */
export function tasksFinished(tasks, atMs) {
  const count = (status) => tasks.filter((task) => task.end?.[1] === status).length;
  const ran = tasks.filter((task) => task.start !== undefined);
  const wallMs = Math.max(...ran.map((task) => task.end[0])) - Math.min(...ran.map((task) => task.start));
  const sequentialMs = ran.reduce((sum, task) => sum + task.end[0] - task.start, 0);
  return { atMs, type: 'tasksFinished', completed: count('completed'), failed: count('failed'), skipped: count('skipped'), cancelled: count('cancelled'), wallMs, sequentialMs };
}
