// @ts-check
// Runs that the window follows. Each is watched once, whoever looks at it: events come in batches,
// go through `reduce`, and whoever listens is told. Nothing is drawn here.

import { said, watchRun } from '../../api.js';
import { emptyRun, interrupted, reduceAll } from './reduce.js';
import { rowOf } from '../threads.js';

/** @typedef {import('./types.js').Run} Run */
/** @typedef {import('./types.js').RunEvent} RunEvent */
/**
 * @typedef {object} Watched
 * @property {Run} run as far as its events have come
 * @property {Run} told as whoever listens knows it
 * @property {number} telling a timer
 * @property {number | null} held since when its past is coming; null once it was told
 * @property {Set<(run: Run) => void>} listeners
 */

const KEPT = 12;
/** The window sends so many events in a message while there are more. */
const FULL = 256;
/** Pause that says that no more is there for now, and how long that is waited for in all. */
const CAUGHT_UP_MS = 120;
const LONGEST_HELD_MS = 2000;
/** A run of which the last event is older than this has a past that is still coming, or is quiet. */
const FRESH_MS = 1000;
/** Pause before a run whose stream ended, though it goes on, is watched again. */
const WATCH_AGAIN_MS = 1000;
/** @type {Map<string, Watched>} */
const watched = new Map();
/** @type {Set<(run: Run) => void>} */
const everywhere = new Set();

/**
 * Follows a run and calls `listener` at once and after every change.
 * @param {string} runId
 * @param {(run: Run) => void} listener
 * @returns {() => void} stops the listening
 */
export function followRun(runId, listener) {
  const entry = watched.get(runId) ?? watch(runId);
  entry.listeners.add(listener);
  listener(entry.told);
  forgetOld();
  return () => entry.listeners.delete(listener);
}

/** The run as far as it is known, without following it. @param {string} runId @returns {Run | null} */
export function knownRun(runId) {
  return watched.get(runId)?.told ?? null;
}

/** Whether more can come of it; one that could not be read is not. @param {string} runId */
export const isFollowed = (runId) => watched.has(runId);

/** Is told of every change of every followed run. @param {(run: Run) => void} listener */
export function onAnyRun(listener) {
  everywhere.add(listener);
  return () => everywhere.delete(listener);
}

/** @param {string} runId */
export function forgetRun(runId) {
  clearTimeout(watched.get(runId)?.telling);
  watched.delete(runId);
}

/** @param {string} runId @returns {Watched} */
function watch(runId) {
  const run = emptyRun(runId);
  /** @type {Watched} */
  const entry = { run, told: run, telling: 0, held: performance.now(), listeners: new Set() };
  watched.set(runId, entry);
  listen(entry);
  return entry;
}

/** @param {Watched} entry */
function listen(entry) {
  const { runId, lastSeq } = entry.run;
  watchRun(runId, lastSeq < 0 ? null : lastSeq, (events) => take(entry, events)).catch((error) => fail(entry, error));
}

/**
 * What happened long ago comes in several messages. It is told once all of it is there: half of it
 * would look like a run that has been going on since.
 * @param {Watched} entry
 * @param {RunEvent[]} events
 */
function take(entry, events) {
  if (watched.get(entry.run.runId) !== entry) return;
  entry.run = reduceAll(entry.run, events);
  clearTimeout(entry.telling);
  if (events.length === 0 && entry.run.state === 'running') settle(entry);
  else if (entry.run === entry.told) return;
  else if (isComing(entry, events)) entry.telling = setTimeout(() => tell(entry), CAUGHT_UP_MS);
  else tell(entry);
}

/** Whether more of a run's past is likely to come at once. @param {Watched} entry @param {RunEvent[]} events */
function isComing({ run, held }, events) {
  if (held === null || performance.now() - held > LONGEST_HELD_MS || run.state !== 'running') return false;
  return events.length >= FULL || (run.startedAt !== null && Date.now() - Date.parse(run.startedAt) - run.nowMs > FRESH_MS);
}

/** A stream that ended without a last event: its program ended before it did, or cannot be read. @param {Watched} entry */
async function settle(entry) {
  try {
    const row = await rowOf(entry.run.runId);
    if (row === null) throw { code: 'not_found', message: 'this run is no longer in the history' };
    if (row.state === 'interrupted') {
      entry.run = interrupted(entry.run);
      tell(entry);
    } else {
      tell(entry);
      setTimeout(() => watched.get(entry.run.runId) === entry && listen(entry), WATCH_AGAIN_MS);
    }
  } catch (error) {
    fail(entry, error);
  }
}

/** It is read anew when somebody looks at it again. @param {Watched} entry @param {any} error */
function fail(entry, error) {
  if (watched.get(entry.run.runId) !== entry) return;
  entry.run = { ...entry.run, state: 'failed', failure: { code: 'unreadable', message: said(error) } };
  watched.delete(entry.run.runId);
  tell(entry);
}

/** @param {Watched} entry */
function tell(entry) {
  entry.told = entry.run;
  entry.held = null;
  for (const listener of [...entry.listeners]) listener(entry.told);
  for (const listener of [...everywhere]) listener(entry.told);
}

/** Ended runs that nobody looks at can be read again from history. */
function forgetOld() {
  for (const [runId, entry] of watched) {
    if (watched.size <= KEPT) return;
    if (entry.listeners.size === 0 && entry.run.state !== 'running') watched.delete(runId);
  }
}
