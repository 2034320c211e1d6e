// @ts-check
// What a person has written under a run, and what is to be asked once it has ended: kept by run, so
// that looking at something else loses neither, and a follow-up is asked whatever is on show. The
// window keeps both while it is open, so that a page that is loaded again has them.

import { onAnyRun } from '../run/live/live-runs.js';

const KEPT_AS = 'trawl.follow-ups';
/** By run; '' is the start page. @type {Map<string, string>} */
const drafts = new Map(remembered().drafts);
/** @type {Map<string, string>} */
const queued = new Map(remembered().queued);
/** @type {Set<(due: { runId: string, question: string }) => void>} */
const askers = new Set();
/** @type {Set<(runId: string) => void>} */
const listeners = new Set();

/** @param {string} runId */
export const draftOf = (runId) => drafts.get(runId) ?? '';

/** @param {string} runId @param {string} text */
export function keepDraft(runId, text) {
  if (text === '') drafts.delete(runId);
  else drafts.set(runId, text);
  remember();
}

/** Runs after which something is to be asked. */
export const runsWithQueued = () => [...queued.keys()];

/** @param {string} runId @returns {string | null} */
export const queuedOf = (runId) => queued.get(runId) ?? null;

/** Asks a question once a run has an answer. @param {string} runId @param {string} question */
export function queue(runId, question) {
  queued.set(runId, question);
  drafts.delete(runId);
  tell(runId);
}

/** What was queued is a draft again. @param {string} runId */
export function takeBack(runId) {
  const question = queued.get(runId);
  queued.delete(runId);
  if (question !== undefined) giveBack(runId, question);
}

/** What could not be asked is a draft again, unless another one is being written. @param {string} runId @param {string} question */
export function giveBack(runId, question) {
  drafts.set(runId, draftOf(runId) || question);
  tell(runId);
}

/** @param {(due: { runId: string, question: string }) => void} ask @returns {() => void} */
export function onFollowUpDue(ask) {
  askers.add(ask);
  return () => askers.delete(ask);
}

/** Is told of the run under which something changed that was not typed. @param {(runId: string) => void} listener @returns {() => void} */
export function onFollowUps(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

onAnyRun(({ runId, state }) => {
  const question = queued.get(runId);
  if (question === undefined || state === 'running') return;
  // There is nothing to follow up where there is no answer.
  if (state !== 'finished' && state !== 'partial') return takeBack(runId);
  queued.delete(runId);
  tell(runId);
  for (const ask of [...askers]) ask({ runId, question });
});

/** @returns {{ drafts: [string, string][], queued: [string, string][] }} */
function remembered() {
  try {
    const kept = JSON.parse(globalThis.sessionStorage?.getItem(KEPT_AS) ?? '{}');
    return { drafts: kept.drafts ?? [], queued: kept.queued ?? [] };
  } catch {
    return { drafts: [], queued: [] };
  }
}

/** Where there is no room for it, it is lost with the page. */
function remember() {
  try {
    globalThis.sessionStorage?.setItem(KEPT_AS, JSON.stringify({ drafts: [...drafts], queued: [...queued] }));
  } catch {
    // It is still there until then.
  }
}

/** @param {string} runId */
function tell(runId) {
  remember();
  for (const listener of [...listeners]) listener(runId);
}
