// @ts-check
// The card that shows a cited item while the pointer, or the focus, rests on its citation.

import { h } from '../../lib/dom.js';
import { isPopoverOpen, openPopover } from '../../lib/popover.js';
import { itemText, itemTitle } from '../../evidence/result.js';
import { wholeResult } from '../../evidence/results.js';
import { citationOf } from './run-answer.js';

/** @typedef {import('../live/types.js').Run} Run */

const REST_MS = 200;

/** @param {HTMLElement} root @param {() => Run | null} currentRun */
export function showCitationCards(root, currentRun) {
  let timer = 0;
  /** @type {Element | null} */
  let over = null;
  /** @type {(() => void) | null} */
  let close = null;
  let asked = 0;
  const away = () => {
    clearTimeout(timer);
    asked += 1;
    close?.();
    close = null;
  };
  const enter = (/** @type {Event} */ event) => {
    const link = linkOf(event);
    if (link === over) return;
    away();
    over = link;
    if (link === null) return;
    const own = asked;
    timer = window.setTimeout(async () => {
      const run = currentRun();
      const content = run === null ? null : await card(run, link);
      // A menu that was opened meanwhile is wanted more.
      if (content === null || own !== asked || !link.isConnected || isPopoverOpen()) return;
      close = openPopover(link, content, { focus: false });
    }, REST_MS);
  };
  // What was clicked is open beside it, and has no card until the pointer was elsewhere.
  const chosen = (/** @type {Event} */ event) => {
    away();
    over = linkOf(event);
  };
  root.addEventListener('pointerover', enter);
  root.addEventListener('focusin', enter);
  root.addEventListener('pointerdown', chosen);
  root.addEventListener('click', chosen);
}

/** @param {Event} event */
function linkOf({ target }) {
  return target instanceof Element ? target.closest('run-view > .run-scroll > .run-body > run-answer .citation') : null;
}

/** @param {Run} run @param {Element} link */
async function card(run, link) {
  const { task: index, item } = citationOf(link);
  const task = run.tasks[index];
  if (task === undefined) return null;
  const result = await wholeResult(run.runId, index).catch(() => null);
  const cited = item === null ? undefined : result?.items?.[item - 1];
  const title = cited === undefined ? task.description || task.tool : itemTitle(cited);
  const text = cited === undefined ? (result?.text ?? '').slice(0, 400) : itemText(cited, title);
  return h(
    'div',
    { class: 'hover-card', role: 'tooltip' },
    h('p', { class: 'hover-head' }, h('span', { class: 'citation open' }, index + 1), h('span', null, task.tool), h('span', { class: 'badge' }, task.server ?? 'unknown'), item !== null && h('span', { class: 'tone-quiet' }, `item ${item}`)),
    h('p', { class: 'hover-title' }, title),
    text && h('p', { class: 'hover-text' }, text),
  );
}
