// @ts-check
// A run is what its events say. A live view, a reloaded page and a run reopened from history all go
// through `reduce`; it is pure, ignores what it has seen before, and knows no clock.

import { interruptedTask, missingTask, plannedTask, reduceTask, unplannedTask } from './reduce-task.js';

/** @typedef {import('./types.js').Run} Run */
/** @typedef {import('./types.js').Task} Task */
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
    approval: { open: [] },
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
  return reduceAll(run, [event]);
}

/**
 * As `reduce` with one event after the other; the list of tasks is copied once for all of them, so
 * that a plan of a thousand tasks does not cost a thousand copies a message.
 * @param {Run} run
 * @param {RunEvent[]} events
 * @returns {Run}
 */
export function reduceAll(run, events) {
  if (!events.some((event) => event.seq > run.lastSeq)) return run;
  const next = { ...run, tasks: run.tasks.slice() };
  for (const event of events) {
    if (event.seq <= next.lastSeq) continue;
    next.lastSeq = event.seq;
    next.nowMs = Math.max(next.nowMs, event.atMs);
    Object.assign(next, change(next, event));
    if (next.state !== 'running') next.tasks = next.tasks.map((task) => unplannedTask(task, next.nowMs));
  }
  return next;
}

/**
 * The run as it stands after its program ended without a last event.
 * @param {Run} run
 * @returns {Run}
 */
export function interrupted(run) {
  if (run.state !== 'running') return run;
  const tasks = run.tasks.map((task) => interruptedTask(task, run.nowMs));
  return { ...run, state: 'interrupted', tasks, approval: { open: [] } };
}

/** What an event changes. Tasks are put into the run's own list. @param {Run} run @param {RunEvent} event @returns {Partial<Run>} */
function change(run, event) {
  switch (event.type) {
    case 'started':
      return { question: event.question, startedAt: event.startedAt, continues: event.continues ?? null };
    case 'serverReady':
    case 'serverFailed':
      return { servers: [...run.servers.filter((s) => s.name !== event.server), server(event)] };
    case 'toolsDiscovered':
      return { tools: { count: event.count, elapsedMs: event.elapsedMs, atMs: event.atMs } };
    case 'planStarted':
      return { planner: event.planner, planStartMs: run.planStartMs ?? event.atMs };
    case 'planned':
      return { plan: planned(event) };
    case 'taskPlanned':
      return put(run, plannedTask(event));
    case 'approvalRequested':
      return asked(run, event);
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
      return { execution: execution(event) };
    case 'answerDelta':
      return { answer: run.answer + event.text, answerStartMs: run.answerStartMs ?? event.atMs };
    case 'finished':
      return finished(run, event);
    case 'failed':
      return { state: event.code === 'declined' ? 'declined' : 'failed', failure: { code: event.code, message: event.message, todo: event.todo ?? null } };
    case 'cancelled':
      return { state: 'cancelled' };
    default:
      // A newer core may send more; what it means is not known here.
      return {};
  }
}

/** @param {RunEvent} event @returns {NonNullable<Run['plan']>} */
function planned({ taskCount, elapsedMs, atMs, note, usage, leftOut }) {
  return { taskCount, elapsedMs, atMs, note: note ?? null, usage: usage ?? null, leftOut: leftOut ?? [] };
}

/** @param {RunEvent} event @returns {NonNullable<Run['execution']>} */
function execution({ completed, failed, skipped, cancelled, wallMs, sequentialMs, atMs }) {
  return { completed, failed, skipped, cancelled, wallMs, sequentialMs, atMs };
}

/** @param {Run} run @param {RunEvent} event @returns {Partial<Run>} */
function finished(run, event) {
  return {
    state: event.partial ? 'partial' : 'finished',
    answer: event.answer,
    answerStartMs: run.answerStartMs ?? event.atMs,
    result: {
      writer: event.writer ?? null,
      citations: event.citations ?? [],
      citationsRemoved: event.citationsRemoved ?? 0,
      notConsulted: event.notConsulted ?? [],
      timings: event.timings ?? {},
      usage: event.usage ?? null,
      writing: event.writing ?? null,
      cuts: event.cuts ?? [],
    },
  };
}

/** Each task keeps why it was asked about, its tool's own words, and its real arguments. @param {Run} run @param {RunEvent} event @returns {Partial<Run>} */
function asked(run, event) {
  const of = (/** @type {any[] | undefined} */ list, /** @type {number} */ index) => list?.find((one) => one.index === index);
  for (const index of event.indexes) {
    const task = run.tasks[index];
    if (task === undefined) continue;
    const tool = of(event.tools, index) ?? null;
    const real = of(event.arguments, index);
    put(run, { ...task, asked: { reason: event.reason, tool }, arguments: real === undefined ? task.arguments : real.arguments });
  }
  return { approval: { open: union(run.approval.open, event.indexes) } };
}

/** @param {Run} run @param {RunEvent} event @returns {Partial<Run>} */
function taskChange(run, event) {
  const task = run.tasks[event.index];
  return task === undefined ? {} : put(run, reduceTask(task, event));
}

/** A task that is planned again comes after its neighbours; until then its place is kept. @param {Run} run @param {Task} task */
function put(run, task) {
  while (run.tasks.length < task.index) run.tasks.push(missingTask(run.tasks.length, task.plannedMs));
  run.tasks[task.index] = task;
  return {};
}

/** @param {RunEvent} event */
function server(event) {
  return {
    name: event.server,
    ready: event.type === 'serverReady',
    toolCount: event.toolCount ?? 0,
    elapsedMs: event.elapsedMs ?? 0,
    message: event.message ?? '',
    todo: event.todo ?? null,
  };
}

/** @param {Run} run @param {number[]} indexes */
function withoutOpen(run, indexes) {
  if (!run.approval.open.some((index) => indexes.includes(index))) return run.approval;
  return { open: run.approval.open.filter((index) => !indexes.includes(index)) };
}

/** @param {number[]} some @param {number[]} more */
function union(some, more) {
  return [...new Set([...some, ...more])].sort((a, b) => a - b);
}
