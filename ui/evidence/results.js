// @ts-check
// Whole results, fetched once and read once. The newest few are kept.

import { taskResult } from '../api.js';
import { readResult } from './items.js';

/** @typedef {import('./items.js').Result & { json: string }} WholeResult */

const KEPT = 6;
/** @type {Map<string, Promise<WholeResult | null>>} */
const results = new Map();

/** @param {string} runId @param {number} index */
export function wholeResult(runId, index) {
  const key = `${runId}/${index}`;
  const known = results.get(key);
  results.delete(key);
  const result = known ?? fetchResult(runId, index);
  results.set(key, result);
  if (results.size > KEPT) results.delete(/** @type {string} */ (results.keys().next().value));
  return result;
}

/** @param {string} runId @param {number} index @returns {Promise<WholeResult | null>} */
async function fetchResult(runId, index) {
  try {
    const json = await taskResult(runId, index);
    if (json === null || json === undefined) return null;
    return { ...readResult(json), json };
  } catch (error) {
    results.delete(`${runId}/${index}`);
    throw error;
  }
}
