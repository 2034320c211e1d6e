// @ts-check
// A test of a model: what was tested, and what came of it. It is void once something else stands on
// the page than what was tested, and not before. Pure.

/** @typedef {import('../../run/live/types.js').ModelSettings} ModelSettings */
/** @typedef {import('../../run/live/types.js').ModelTest} ModelTest */
/** `keyVersion` is another one after every change of the key. @typedef {{ model: Partial<ModelSettings>, key: string, keyVersion: number }} Subject */
/** @typedef {{ subject: Subject | null, outcome: ModelTest | null }} Trial */

/** @type {Trial} */
export const untested = { subject: null, outcome: null };

/** @param {Subject} subject @returns {Trial} */
export const begun = (subject) => ({ subject, outcome: null });

/** What a test answered; the answer to an earlier one says nothing of this. @param {Trial} trial @param {Subject} subject @param {ModelTest} outcome @returns {Trial} */
export const answered = (trial, subject, outcome) => (trial.subject === subject ? { subject, outcome } : trial);

/** What is left of a test now that this stands on the page. @param {Trial} trial @param {Subject} now @returns {Trial} */
export const standing = (trial, now) => (trial.subject === null || isSame(trial.subject, now) ? trial : untested);

/** @param {Subject} a @param {Subject} b */
function isSame(a, b) {
  return a.keyVersion === b.keyVersion && isSameServer(a.model, b.model) && (a.model.model ?? '') === (b.model.model ?? '');
}

/** Whether two drafts ask the same server with the same key. @param {Partial<ModelSettings>} a @param {Partial<ModelSettings>} b */
export function isSameServer(a, b) {
  return a.provider === b.provider && place(a) === place(b) && (a.apiKeyEnv ?? '') === (b.apiKeyEnv ?? '');
}

/** @param {Partial<ModelSettings>} model */
function place(model) {
  return (model.baseUrl ?? '').replace(/\/+$/, '');
}
