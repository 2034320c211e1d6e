// @ts-check
// What a person has written under a run, and what is to be asked once it has ended: kept by run, so
// that looking at something else loses neither, and a follow-up is asked whatever is on show.

import { onAnyRun } from './live-runs.js';

/** @type {Map<string, string>} */
const drafts = new Map();
/** @type {Map<string, string>} */
const queued = new Map();
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
}

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

/** @param {string} runId */
function tell(runId) {
  for (const listener of [...listeners]) listener(runId);
}
