// @ts-check
// A run among the questions of its thread, as the history knows them.

import { listRuns } from '../api.js';

/** @typedef {import('./live/types.js').RunRow} RunRow */

/** Of a thread longer than this, the newest are known. */
const MOST = 500;

/** The runs of a run's thread, itself among them, newest first. @param {string} runId @returns {Promise<RunRow[]>} */
export async function threadOf(runId) {
  const { runs } = await listRuns({ thread: runId, limit: MOST, offset: 0 });
  return runs;
}

/** A run's own row; null for one that is not kept. @param {string} runId */
export async function rowOf(runId) {
  return (await threadOf(runId)).find((row) => row.id === runId) ?? null;
}

/**
 * Those that follow up a run, directly or not, oldest first. A run may be followed up more than once.
 * @param {RunRow[]} rows of a thread
 * @param {string} runId
 */
export function laterTurns(rows, runId) {
  const later = new Set([runId]);
  const turns = [];
  for (const row of [...rows].reverse()) {
    if (!row.continues || !later.has(row.continues)) continue;
    later.add(row.id);
    turns.push(row);
  }
  return turns;
}
