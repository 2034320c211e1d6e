// @ts-check
// The list of past runs as far as it is loaded, page by page. Whoever shows it subscribes.

import { deleteRuns, listRuns, said } from '../api.js';
import { forgetRun } from '../run/live/live-runs.js';

/** @typedef {import('../run/live/types.js').RunRow} RunRow */

const PAGE = 60;
/** @type {RunRow[]} */
let rows = [];
let total = 0;
let words = '';
let loaded = false;
/** @type {string | null} */
let failure = null;
let asked = 0;
/** @type {Set<() => void>} */
const listeners = new Set();

export const history = () => ({ rows, total, words, loaded, failure });

/** @param {() => void} listener @returns {() => void} */
export function onHistory(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Reads the list again, as far as it had been read. */
export function reloadHistory() {
  return load(0, Math.max(PAGE, Math.ceil(rows.length / PAGE) * PAGE));
}

/** @param {string} text */
export function searchHistory(text) {
  words = text.trim();
  return load(0, PAGE);
}

export async function moreHistory() {
  if (rows.length < total) await load(rows.length, PAGE);
}

/** @param {string} runId */
export async function deleteRun(runId) {
  await deleteRuns([runId]);
  forgetRun(runId);
  rows = rows.filter((row) => row.id !== runId);
  total = Math.max(0, total - 1);
  tell();
}

/** @param {number} offset @param {number} limit */
async function load(offset, limit) {
  asked += 1;
  const own = asked;
  try {
    const page = await listRuns(words === '' ? { limit, offset } : { words, limit, offset });
    if (own !== asked) return;
    // Runs came or went meanwhile, so that this page does not follow on the last one.
    if (offset > 0 && page.total !== total) {
      await load(0, offset + limit);
      return;
    }
    rows = merged(rows, offset === 0 ? page.runs : [...rows, ...page.runs]);
    total = page.total;
    failure = null;
  } catch (error) {
    if (own !== asked) return;
    failure = said(error);
  }
  loaded = true;
  tell();
}

/**
 * Each run once. What is as it was stays the same object, so that it need not be drawn anew.
 * @param {RunRow[]} before
 * @param {RunRow[]} now
 */
export function merged(before, now) {
  const known = new Map(before.map((row) => [row.id, row]));
  const once = [...new Map(now.map((row) => [row.id, row])).values()];
  const rows = once.map((row) => {
    const old = known.get(row.id);
    return old !== undefined && JSON.stringify(old) === JSON.stringify(row) ? old : row;
  });
  return rows.length === before.length && rows.every((row, place) => row === before[place]) ? before : rows;
}

function tell() {
  for (const listener of [...listeners]) listener();
}
