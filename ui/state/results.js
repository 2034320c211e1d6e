// @ts-check
// Whole results, fetched once and read once. The newest few are kept; counts of items are kept for
// all, since the timeline shows them.

import { taskResult } from '../api.js';
import { readResult } from './items.js';

/** @typedef {import('./items.js').Result & { json: string }} WholeResult */

const KEPT = 6;
const COUNTED_BYTES = 512 * 1024;
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

/**
 * How many items a completed task found, if that is known by now; else it is found out, one result
 * at a time, and `told` is called.
 * @param {string} runId
 * @param {import('./types.js').Task} task
 * @param {() => void} told
 * @returns {number | null}
 */
export function itemCount(runId, task, told) {
  const key = `${runId}/${task.index}`;
  const known = itemCounts.get(key);
  if (known !== undefined) return known;
  if (task.status !== 'completed' || task.resultBytes > COUNTED_BYTES) return null;
  itemCounts.set(key, null);
  queue.push({ runId, index: task.index, told });
  if (!counting) countNext();
  return null;
}

async function countNext() {
  const asked = queue.shift();
  counting = asked !== undefined;
  if (asked === undefined) return;
  try {
    const result = await wholeResult(asked.runId, asked.index);
    itemCounts.set(`${asked.runId}/${asked.index}`, result?.items?.length ?? null);
    asked.told();
  } finally {
    setTimeout(countNext, 0);
  }
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
