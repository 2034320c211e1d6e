// @ts-check
// Whole results, fetched once and read once. The newest few are kept; counts of items are kept for
// all, since the timeline shows them.

import { taskResult } from '../api.js';
import { readResult } from './items.js';

/** @typedef {import('./items.js').Result & { json: string }} WholeResult */

const KEPT = 6;
const COUNTED_BYTES = 256 * 1024;
/** @type {Map<string, Promise<WholeResult | null>>} */
const results = new Map();
/** @type {Map<string, number | null>} */
const itemCounts = new Map();
/** @type {{ runId: string, index: number, told: () => void }[]} */
const queue = [];
let counting = false;

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

/** How many items a task found, if that is known by now. @param {string} runId @param {number} index */
export function knownCount(runId, index) {
  return itemCounts.get(`${runId}/${index}`) ?? null;
}

/**
 * Finds out how many items a completed task in view found: one result at a time, and not of large
 * ones, since each has to be fetched for it. `told` is called once it is known.
 * @param {string} runId
 * @param {import('../run/live/types.js').Task} task
 * @param {() => void} told
 */
export function countItems(runId, task, told) {
  if (task.status !== 'completed' || task.resultBytes > COUNTED_BYTES) return;
  const key = `${runId}/${task.index}`;
  if (itemCounts.has(key)) return;
  itemCounts.set(key, null);
  queue.push({ runId, index: task.index, told });
  if (!counting) countNext();
}

async function countNext() {
  const asked = queue.shift();
  counting = asked !== undefined;
  if (asked === undefined) return;
  const key = `${asked.runId}/${asked.index}`;
  try {
    // Not kept: what is open in the evidence would have to go for it.
    const result = await (results.get(key) ?? fetchResult(asked.runId, asked.index));
    itemCounts.set(key, result?.items?.length ?? null);
    asked.told();
  } catch {
    // Its size is shown without its count; the evidence says what is wrong with it.
  }
  setTimeout(countNext, 0);
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
