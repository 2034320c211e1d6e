// @ts-check
// What stands under an answer: which results the model read in part, what its calls took, how long
// everything took. Made anew only when a run ends.

import { h, fill } from '../lib/dom.js';
import { icon } from '../lib/icons.js';
import { duration, plural } from '../lib/format.js';
import { isUnsourced, plannerName } from './run-facts.js';
import { calls, money, part, tokens, total } from './usage.js';

/** @typedef {import('./live/types.js').Run} Run */
/** @typedef {(name: string, detail?: any) => void} Send */

/** Results read in part that are named; the rest is counted. */
const NAMED = 4;

export class RunFoot {
  element = h('footer', { class: 'answer-foot numeric', hidden: true, 'data-testid': 'run-foot' });
  /** @type {Run | null} */
  #shown = null;
  #send;

  /** @param {Send} send */
  constructor(send) {
    this.#send = send;
  }

  /** @param {Run} run */
  show(run) {
    if (run === this.#shown) return;
    this.#shown = run;
    const ended = run.state !== 'running' && (run.result !== null || total(run) !== null);
    this.element.hidden = !ended;
    if (!ended) return;
    fill(this.element, this.#cuts(run), unsourced(run), h('p', null, summary(run).join(' · ')), table(run));
  }

  /** @param {Run} run */
  #cuts(run) {
    const cuts = run.result?.cuts ?? [];
    if (cuts.length === 0) return null;
    const named = cuts.slice(0, NAMED).flatMap((cut, place) => {
      const open = () => this.#send('open-task', { index: cut.index, item: null });
      const words = `${part(cut)} of task ${cut.index + 1}’s result`;
      return [place === 0 ? '' : ', ', h('button', { type: 'button', class: 'foot-link', onclick: open }, words)];
    });
    const more = cuts.length > NAMED ? ` and parts of ${plural(cuts.length - NAMED, 'other result')}` : '';
    return h('p', { class: 'foot-cuts', 'data-testid': 'cuts' }, icon('scissors', { size: 14 }), h('span', null, 'The model read ', named, more));
  }
}

/** @param {Run} run */
function unsourced(run) {
  if (!isUnsourced(run)) return null;
  const words = 'No statement of this answer names its source: check it against the results above';
  return h('p', { class: 'foot-cuts', 'data-testid': 'unsourced' }, icon('info', { size: 14 }), h('span', null, words));
}

/** @param {Run} run */
function summary(run) {
  const parts = [plannerName(run) ?? 'Built-in planner'];
  const all = total(run);
  if (all !== null) parts.push(tokens(all));
  const { firstTokenMs, totalMs } = run.result?.timings ?? {};
  if (firstTokenMs !== null && firstTokenMs !== undefined) parts.push(`first words after ${duration(firstTokenMs)}`);
  const removed = run.result?.citationsRemoved ?? 0;
  if (removed > 0) parts.push(`${plural(removed, 'citation')} without a source removed`);
  parts.push(`${duration(totalMs ?? run.nowMs)} in all`);
  if (all?.cost !== undefined) parts.push(`cost ${money(all.cost)}`);
  return parts;
}

/** A line a call, in columns. What nobody counted has none. @param {Run} run */
function table(run) {
  const lines = calls(run);
  if (lines.length === 0) return null;
  const estimated = lines.some((line) => line.estimated) ? '≈ is estimated from the size of the text: the provider did not count it' : null;
  return h(
    'table',
    { class: 'foot-calls', title: estimated, 'aria-label': 'Calls of the model' },
    h('tbody', null, lines.map(({ name, cells }) => h('tr', null, h('th', { scope: 'row' }, name), cells.map((cell) => h('td', null, cell))))),
  );
}
