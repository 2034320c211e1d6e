// @ts-check
// A run is what its events say. A live view, a reloaded page and a run reopened from history all go
// through `reduce`; it is pure, ignores what it has seen before, and knows no clock.

import { reduceTask, plannedTask, interruptedTask } from './reduce-task.js';

/** @typedef {import('./types.js').Run} Run */
/** @typedef {import('./types.js').RunEvent} RunEvent */

/**
 * A run of which nothing is known yet.
 * @param {string} runId
 * @returns {Run}
 */
export function emptyRun(runId) {
  return {
    runId,
    lastSeq: -1,
    nowMs: 0,
    state: 'running',
    question: '',
    startedAt: null,
    continues: null,
    servers: [],
    tools: null,
    planner: null,
    planStartMs: null,
    plan: null,
    tasks: [],
    approval: { open: [], reason: '' },
    execution: null,
    answer: '',
    answerStartMs: null,
    result: null,
    failure: null,
  };
}

/**
 * @param {Run} run
 * @param {RunEvent} event
 * @returns {Run}
 */
export function reduce(run, event) {
  if (event.seq <= run.lastSeq) return run;
  const seen = { ...run, lastSeq: event.seq, nowMs: Math.max(run.nowMs, event.atMs) };
  return { ...seen, ...change(seen, event) };
}

/**
 * The run as it stands after its program ended without a last event.
 * @param {Run} run
 * @returns {Run}
 */
export function interrupted(run) {
  if (run.state !== 'running') return run;
  const tasks = run.tasks.map((task) => interruptedTask(task, run.nowMs));
  return { ...run, state: 'interrupted', tasks, approval: { open: [], reason: '' } };
}

/** @param {Run} run @param {RunEvent} event @returns {Partial<Run>} */
function change(run, event) {
  switch (event.type) {
    case 'started':
      return {
        question: event.question,
        startedAt: event.startedAt,
        continues: event.continues ?? null,
      };
    case 'serverReady':
    case 'serverFailed':
      return { servers: [...run.servers.filter((s) => s.name !== event.server), server(event)] };
    case 'toolsDiscovered':
      return { tools: { count: event.count, elapsedMs: event.elapsedMs, atMs: event.atMs } };
    case 'planStarted':
      return { planner: event.planner, planStartMs: run.planStartMs ?? event.atMs };
    case 'planned':
      return {
        plan: {
          taskCount: event.taskCount,
          elapsedMs: event.elapsedMs,
          atMs: event.atMs,
          note: event.note ?? null,
        },
      };
    case 'taskPlanned':
      return { tasks: replaced(run.tasks, plannedTask(event)) };
    case 'approvalRequested':
      return {
        approval: { open: union(run.approval.open, event.indexes), reason: event.reason },
      };
    case 'approvalResolved':
      return { approval: withoutOpen(run, [...event.approved, ...event.denied]) };
    case 'taskWaiting':
    case 'taskStarted':
    case 'taskProgress':
    case 'taskRetrying':
      return taskChange(run, event);
    case 'taskFinished':
      return { ...taskChange(run, event), approval: withoutOpen(run, [event.index]) };
    case 'tasksFinished':
      return {
        execution: {
          completed: event.completed,
          failed: event.failed,
          skipped: event.skipped,
          cancelled: event.cancelled,
          wallMs: event.wallMs,
          sequentialMs: event.sequentialMs,
          atMs: event.atMs,
        },
      };
    case 'answerDelta':
      return {
        answer: run.answer + event.text,
        answerStartMs: run.answerStartMs ?? event.atMs,
      };
    case 'finished':
      return finished(run, event);
    case 'failed':
      return { state: 'failed', failure: { code: event.code, message: event.message } };
    case 'cancelled':
      return { state: 'cancelled' };
    default:
      // A newer core may send more; what it means is not known here.
      return {};
  }
}

/** @param {Run} run @param {RunEvent} event @returns {Partial<Run>} */
function finished(run, event) {
  return {
    state: event.partial ? 'partial' : 'finished',
    answer: event.answer,
    answerStartMs: run.answerStartMs ?? event.atMs,
    result: {
      citations: event.citations ?? [],
      citationsRemoved: event.citationsRemoved ?? 0,
      notConsulted: event.notConsulted ?? [],
      timings: event.timings ?? {},
      usage: event.usage ?? null,
    },
  };
}

/** @param {Run} run @param {RunEvent} event @returns {Partial<Run>} */
function taskChange(run, event) {
  const task = run.tasks[event.index];
  return task === undefined ? {} : { tasks: replaced(run.tasks, reduceTask(task, event)) };
}

/** @param {RunEvent} event */
function server(event) {
  return {
    name: event.server,
    ready: event.type === 'serverReady',
    toolCount: event.toolCount ?? 0,
    elapsedMs: event.elapsedMs ?? 0,
    message: event.message ?? '',
  };
}

/** @param {Run} run @param {number[]} indexes */
function withoutOpen(run, indexes) {
  if (!run.approval.open.some((index) => indexes.includes(index))) return run.approval;
  const open = run.approval.open.filter((index) => !indexes.includes(index));
  return { ...run.approval, open };
}

/** @param {number[]} some @param {number[]} more */
function union(some, more) {
  return [...new Set([...some, ...more])].sort((a, b) => a - b);
}

/** @param {import('./types.js').Task[]} tasks @param {import('./types.js').Task} task */
function replaced(tasks, task) {
  const copy = tasks.slice();
  copy[task.index] = task;
  return copy;
}
