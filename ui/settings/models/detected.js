// @ts-check
// The models' servers that run on this machine: looked for once, and again when a person asks.

import { detectModels } from '../../api.js';

/** @typedef {import('../../run/live/types.js').DetectedModel} DetectedModel */

/** @type {DetectedModel[]} */
let found = [];
/** @type {'unasked' | 'looking' | 'known'} */
let state = 'unasked';
/** @type {Set<() => void>} */
const listeners = new Set();

export const detected = () => found;
/** Whether an answer is there. */
export const detectionKnown = () => state === 'known';
export const detecting = () => state === 'looking';

/** @param {() => void} listener @returns {() => void} */
export function onDetected(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** @param {{ again?: boolean }} [options] */
export async function detect({ again = false } = {}) {
  if (state === 'looking' || (state === 'known' && !again)) return;
  state = 'looking';
  tell();
  // What cannot be looked for has nothing to offer.
  found = await detectModels().catch(() => []);
  state = 'known';
  tell();
}

function tell() {
  for (const listener of [...listeners]) listener();
}
