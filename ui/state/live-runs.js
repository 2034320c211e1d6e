// @ts-check
// Runs that the window follows. Each is watched once, whoever looks at it: events come in batches,
// go through `reduce`, and whoever listens is told. Nothing is drawn here.

import { watchRun } from '../api.js';
import { emptyRun, interrupted, reduce } from './reduce.js';

/** @typedef {import('./types.js').Run} Run */
/** @typedef {{ run: Run, failed: string | null, interrupted: boolean, listeners: Set<(run: Run) => void> }} Watched */

const KEPT = 12;
/** @type {Map<string, Watched>} */
const watched = new Map();
/** @type {Set<(run: Run) => void>} */
const everywhere = new Set();

/**
 * Follows a run and calls `listener` at once and after every change.
 * @param {string} runId
 * @param {(run: Run) => void} listener
 * @param {{ interrupted?: boolean }} [known] what the history says of it
 * @returns {() => void} stops the listening
 */
export function followRun(runId, listener, known = {}) {
  const entry = watched.get(runId) ?? watch(runId);
  if (known.interrupted) entry.interrupted = true;
  entry.listeners.add(listener);
  listener(shown(entry));
  forgetOld();
  return () => entry.listeners.delete(listener);
}

/** The run as far as it is known, without following it. @param {string} runId @returns {Run | null} */
export function knownRun(runId) {
  const entry = watched.get(runId);
  return entry === undefined ? null : shown(entry);
}

/** Is told of every change of every followed run. @param {(run: Run) => void} listener */
export function onAnyRun(listener) {
  everywhere.add(listener);
  return () => everywhere.delete(listener);
}

/** @param {string} runId */
export function forgetRun(runId) {
  watched.delete(runId);
}

/** @param {string} runId @returns {Watched} */
function watch(runId) {
  /** @type {Watched} */
  const entry = { run: emptyRun(runId), failed: null, interrupted: false, listeners: new Set() };
  watched.set(runId, entry);
  const take = (/** @type {import('./types.js').RunEvent[]} */ events) => {
    entry.run = events.reduce(reduce, entry.run);
    tell(entry);
  };
  watchRun(runId, null, take).catch((error) => {
    const failure = { code: error?.code ?? 'unreadable', message: error?.message ?? String(error) };
    entry.run = { ...entry.run, state: 'failed', failure };
    watched.delete(runId);
    tell(entry);
  });
  return entry;
}

/** @param {Watched} entry */
function tell(entry) {
  const run = shown(entry);
  for (const listener of [...entry.listeners]) listener(run);
  for (const listener of [...everywhere]) listener(run);
}

/** @param {Watched} entry */
function shown(entry) {
  return entry.interrupted ? interrupted(entry.run) : entry.run;
}

/** Ended runs that nobody looks at can be read again from history. */
function forgetOld() {
  for (const [runId, entry] of watched) {
    if (watched.size <= KEPT) return;
    if (entry.listeners.size === 0 && entry.run.state !== 'running') watched.delete(runId);
  }
}
