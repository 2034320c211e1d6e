// @ts-check
// What a run's calls of the model took, and what the model did not read, in words. Pure.

import { bytes, duration, integer, plural } from '../lib/format.js';

/** @typedef {import('./live/types.js').Run} Run */
/** @typedef {import('./live/types.js').Usage} Usage */
/** @typedef {import('./live/types.js').Cut} Cut */

/**
 * A line a call: its name, then tokens in, tokens out, tokens a second, time to the first token, cost.
 * @param {Run} run
 * @returns {{ name: string, cells: string[], estimated: boolean }[]}
 */
export function calls(run) {
  const lines = [];
  if (run.plan?.usage) lines.push(line('Planning', run.plan.usage));
  if (run.result?.writing) lines.push(line('Writing', run.result.writing));
  return lines;
}

/** All calls of a run together, as far as they are known. @param {Run} run @returns {Usage | null} */
export function total(run) {
  return run.result?.usage ?? run.plan?.usage ?? null;
}

/** `3,412 tokens in, 486 out`. @param {Usage} usage */
export function tokens(usage) {
  const about = usage.estimated ? '≈ ' : '';
  return `${about}${integer(usage.inputTokens)} tokens in, ${integer(usage.outputTokens)} out`;
}

/** A sum in the person's own currency: two digits that say something. @param {number} cost */
export function money(cost) {
  if (cost <= 0) return '0';
  return cost.toFixed(cost >= 1 ? 2 : Math.min(8, 1 - Math.floor(Math.log10(cost))));
}

/** `12 of 50 items`, `96 of 182 KB`. @param {Cut} cut */
export function part({ read, of, unit }) {
  if (unit === 'items') return `${integer(read)} of ${plural(of, 'item')}`;
  const [some, whole] = [bytes(read), bytes(of)];
  const [number, own] = some.split(' ');
  return whole.endsWith(` ${own}`) ? `${number} of ${whole}` : `${some} of ${whole}`;
}

/** @param {string} name @param {Usage} usage */
function line(name, usage) {
  const about = usage.estimated ? '≈ ' : '';
  const { firstTokenMs, tokensPerSecond, cost } = usage;
  return {
    name: usage.calls > 1 ? `${name}, ${plural(usage.calls, 'call')}` : name,
    cells: [
      `${about}${integer(usage.inputTokens)} in`,
      `${about}${integer(usage.outputTokens)} out`,
      tokensPerSecond === undefined ? '' : `${integer(tokensPerSecond)} tokens/s`,
      firstTokenMs === undefined ? '' : `first token ${duration(firstTokenMs)}`,
      cost === undefined ? '' : `cost ${money(cost)}`,
    ],
    estimated: usage.estimated === true,
  };
}
