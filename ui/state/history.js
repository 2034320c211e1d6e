// @ts-check
// The list of past runs as far as it is loaded, page by page. Whoever shows it subscribes.

import { deleteRuns, listRuns } from '../api.js';
import { forgetRun } from './live-runs.js';

/** @typedef {import('./types.js').RunRow} RunRow */

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

/** A run's row, whether or not the list has been read that far. @param {string} runId */
export async function findRow(runId) {
  const known = rows.find((row) => row.id === runId);
  if (known !== undefined) return known;
  for (let offset = 0; offset < 1000; offset += 200) {
    const page = await listRuns({ limit: 200, offset });
    const row = page.runs.find((one) => one.id === runId);
    if (row !== undefined) return row;
    if (offset + page.runs.length >= page.total) return null;
  }
  return null;
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
    rows = offset === 0 ? page.runs : [...rows, ...page.runs];
    total = page.total;
    failure = null;
  } catch (error) {
    if (own !== asked) return;
    failure = /** @type {any} */ (error)?.message ?? String(error);
  }
  loaded = true;
  tell();
}

function tell() {
  for (const listener of [...listeners]) listener();
}
