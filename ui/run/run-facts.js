// @ts-check
// What the phase strip, the summary and the top bar say about a run: words and numbers made from a
// `Run`, no elements. `nowMs` is the time on the run's own axis.

import { duration, factor, integer, plural, running } from '../lib/format.js';
import { askedMs } from './asked-time.js';

/** @typedef {import('./live/types.js').Run} Run */
/** @typedef {{ step: string, name: string, state: 'waiting' | 'live' | 'done' | 'failed' | 'paused' | 'stopped', time: string, note: string, share: number | null }} Step */

/** @param {string} status */
export function isEnded(status) {
  return !['planned', 'waiting', 'running', 'retrying'].includes(status);
}

/** Whether there is something to stop; what is planned again is not yet a task. @param {import('./live/types.js').Task} task */
export function canStop(task) {
  return !task.missing && !isEnded(task.status);
}

/** @param {Run} run */
export function plannerName(run) {
  if (run.planner === null) return null;
  return run.planner === 'builtin' ? 'Built-in planner' : run.planner;
}

/** Less than this that was saved is not told. */
const LEAST_GAIN_MS = 100;

/** @typedef {{ completed: number, failed: number, declined: number, skipped: number, cancelled: number, interrupted: number, open: number }} Counts */
/** A run never changes, and is asked for its counts in every frame. @type {WeakMap<Run, Counts>} */
const counted = new WeakMap();

/** @param {Run} run @returns {Counts} */
export function counts(run) {
  const known = counted.get(run);
  if (known !== undefined) return known;
  const count = { completed: 0, failed: 0, declined: 0, skipped: 0, cancelled: 0, interrupted: 0, open: 0 };
  for (const task of run.tasks) {
    if (task.error?.code === 'denied') count.declined += 1;
    else if (isEnded(task.status)) count[/** @type {keyof typeof count} */ (task.status)] += 1;
    else count.open += 1;
  }
  counted.set(run, count);
  return count;
}

/** Whether an answer was written from results without a citation that could be followed. @param {Run} run */
export function isUnsourced(run) {
  return run.answer !== '' && run.result !== null && run.result.citations.length === 0 && counts(run).completed > 0;
}

/** @param {number} count of calls */
export function needsApproval(count) {
  return `${plural(count, 'call')} need${count === 1 ? 's' : ''} approval`;
}

/** What a run is called in the top bar and for screen readers. @param {Run} run */
export function stateName(run) {
  if (run.state === 'running') return run.approval.open.length > 0 ? 'Needs approval' : 'Running';
  return {
    finished: 'Answered',
    partial: 'Partial answer',
    failed: 'Failed',
    declined: 'You declined',
    cancelled: 'Cancelled',
    interrupted: 'Interrupted',
  }[run.state];
}

/**
 * @param {Run} run
 * @returns {{ counts: string, rest: string } | null} null for a run without tasks
 */
export function summary(run) {
  if (run.tasks.length === 0) return null;
  const count = counts(run);
  const parts = [`${integer(count.completed)} completed`];
  if (count.failed > 0 || run.state === 'finished') parts.push(`${integer(count.failed)} failed`);
  for (const kind of /** @type {const} */ (['declined', 'skipped', 'cancelled', 'interrupted'])) {
    if (count[kind] > 0) parts.push(`${integer(count[kind])} ${kind}`);
  }
  const rest = [];
  const kept = run.tasks.filter((task) => task.reused !== null).length;
  if (kept > 0) rest.push(`${plural(kept, 'result')} kept from an earlier run`);
  if (run.execution !== null && kept < run.tasks.length) {
    const { sequentialMs } = run.execution;
    const { wallMs, waitedMs } = workedMs(run, run.execution.wallMs);
    // A tenth of a second saved is nothing that anybody notices.
    const gain = sequentialMs - wallMs < LEAST_GAIN_MS ? null : factor(sequentialMs, wallMs);
    rest.push(
      gain === null
        ? duration(wallMs)
        : `${duration(wallMs)} instead of ${duration(sequentialMs)} · ${gain} faster`,
    );
    if (waitedMs > 0) rest.push(`${duration(waitedMs)} waiting for approval`);
  }
  return { counts: parts.join(', '), rest: rest.join(' · ') };
}

/**
 * A time of the tasks, and what of it was a person's: the wait for an approval is no work.
 * @param {Run} run
 * @param {number} wallMs first start to last end, or to now
 */
function workedMs(run, wallMs) {
  const start = firstStart(run);
  // What was waited for before the first start is not in it.
  const waitedMs = start === null ? 0 : Math.min(wallMs, askedMs(run, run.nowMs, start));
  return { wallMs: wallMs - waitedMs, waitedMs };
}

/** @param {Run} run @param {number} nowMs @returns {Step[]} */
export function steps(run, nowMs) {
  return [discover(run, nowMs), plan(run, nowMs), execute(run, nowMs), synthesize(run, nowMs)];
}

/** @param {Run} run @param {number} nowMs @returns {Step} */
function discover(run, nowMs) {
  const step = { step: 'discover', name: 'Discover', share: null };
  const ready = run.servers.filter((server) => server.ready).length;
  if (run.tools !== null) {
    const found = `${plural(run.tools.count, 'tool')} on ${plural(ready, 'server')}`;
    const failed = run.servers.length - ready;
    return {
      ...step,
      state: 'done',
      time: duration(run.tools.elapsedMs),
      note: failed > 0 ? `${found}, ${failed} failed` : found,
    };
  }
  if (run.state !== 'running') {
    return { ...step, state: endState(run), time: '', note: 'no tools were listed' };
  }
  return { ...step, state: 'live', time: running(nowMs), note: 'connecting' };
}

/** @param {Run} run @param {number} nowMs @returns {Step} */
function plan(run, nowMs) {
  const step = { step: 'plan', name: 'Plan', share: null };
  const first = firstPlanned(run);
  const count = plural(run.tasks.length, 'task');
  if (run.plan !== null) {
    // "First sent" is worth a word only where it was sent long before the plan was whole.
    const early = first !== null && run.plan.atMs - first > 100;
    const note = run.tasks.length === 0 ? 'no tool needed' : count;
    return {
      ...step,
      state: 'done',
      time: duration(run.plan.elapsedMs),
      note: early ? `${note}, first sent at ${duration(first)}` : note,
    };
  }
  if (run.planStartMs === null) {
    if (run.state === 'running') return { ...step, state: 'waiting', time: 'waiting', note: 'after the tools' };
    return { ...step, state: 'stopped', time: 'not started', note: 'no plan was made' };
  }
  const note = run.tasks.length === 0 ? 'choosing tools' : `${count} so far`;
  if (run.state !== 'running') return { ...step, state: endState(run), time: '', note };
  return { ...step, state: 'live', time: running(nowMs - run.planStartMs), note };
}

/** @param {Run} run @param {number} nowMs @returns {Step} */
function execute(run, nowMs) {
  const step = { step: 'execute', name: 'Execute', share: null };
  const total = run.tasks.length;
  const count = counts(run);
  const ended = total - count.open;
  if (run.execution !== null) {
    const failed = count.failed > 0 ? `, ${integer(count.failed)} failed` : '';
    const declined = count.declined > 0 ? `, ${integer(count.declined)} declined` : '';
    return {
      ...step,
      state: count.completed > 0 ? 'done' : run.state === 'declined' ? 'stopped' : 'failed',
      time: duration(workedMs(run, run.execution.wallMs).wallMs),
      note: `${integer(count.completed)} of ${integer(total)} completed${failed}${declined}`,
    };
  }
  const start = firstStart(run);
  if (run.state !== 'running') {
    if (total === 0) return { ...step, state: 'stopped', time: 'not started', note: 'no task' };
    return {
      ...step,
      state: endState(run),
      time: start === null || run.state === 'interrupted' ? '' : duration(run.nowMs - start - askedMs(run, run.nowMs, start)),
      note: `${integer(count.completed)} of ${integer(total)} completed`,
    };
  }
  if (total === 0) {
    if (run.plan !== null) return { ...step, state: 'stopped', time: '–', note: 'no tool needed' };
    return { ...step, state: 'waiting', time: 'waiting', note: 'with the first task' };
  }
  const open = run.approval.open.length;
  return {
    ...step,
    state: 'live',
    time: start === null ? 'waiting' : running(nowMs - start - askedMs(run, nowMs, start)),
    note:
      open > 0
        ? `${integer(ended)} of ${integer(total)} ended, ${integer(open)} need${open === 1 ? 's' : ''} approval`
        : `${integer(ended)} of ${integer(total)} ended, ${integer(count.open)} to go`,
    share: total === 0 ? null : ended / total,
  };
}

/** @param {Run} run @param {number} nowMs @returns {Step} */
function synthesize(run, nowMs) {
  const step = { step: 'synthesize', name: 'Synthesize', share: null };
  const from = run.execution?.atMs ?? run.answerStartMs ?? run.plan?.atMs ?? null;
  if (run.state === 'finished' || run.state === 'partial') {
    const ms = run.result?.timings.synthesizeMs ?? 0;
    const cited = run.result?.citations.length ?? 0;
    return {
      ...step,
      state: 'done',
      time: duration(ms),
      note: cited > 0 ? plural(cited, 'citation') : 'no citation',
    };
  }
  if (run.state !== 'running') {
    if (run.answerStartMs === null) return { ...step, state: 'waiting', time: 'not started', note: 'no answer was written' };
    return { ...step, state: endState(run), time: '', note: 'the answer stops where it was' };
  }
  if (run.answerStartMs !== null || run.execution !== null) {
    return {
      ...step,
      state: 'live',
      time: running(nowMs - (from ?? nowMs)),
      note: run.answerStartMs === null ? 'reading the results' : 'writing the answer',
    };
  }
  return { ...step, state: 'waiting', time: 'waiting', note: 'after the last task' };
}

/** When the first task was sent; the first of the plan may have come later. @param {Run} run */
export function firstPlanned(run) {
  const sent = run.tasks.filter((task) => !task.missing).map((task) => task.plannedMs);
  return sent.length === 0 ? null : sent.reduce((first, ms) => Math.min(first, ms));
}

/** @param {Run} run */
export function firstStart(run) {
  let first = null;
  for (const { startedMs } of run.tasks) {
    if (startedMs !== null && (first === null || startedMs < first)) first = startedMs;
  }
  return first;
}

/** @param {Run} run @returns {Step['state']} */
function endState(run) {
  if (run.state === 'failed') return 'failed';
  return run.state === 'interrupted' ? 'paused' : 'stopped';
}
