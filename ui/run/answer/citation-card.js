// @ts-check
// The card that shows a cited item while the pointer, or the focus, rests on its citation.

import { cited, openResults } from '../../api.js';
import { h } from '../../lib/dom.js';
import { isPopoverOpen, openPopover } from '../../lib/popover.js';
import { itemText, itemTitle } from '../../evidence/result.js';
import { citationOf } from './run-answer.js';

/** @typedef {import('../live/types.js').Run} Run */

const REST_MS = 200;

let ready = '';

/** What an answer on show cites is opened before a card asks for it. @param {Run} run */
export function openCited(run) {
  if (run.result === null || run.runId === ready) return;
  ready = run.runId;
  const indexes = [...new Set(run.result.citations.map(({ index }) => index))];
  // A card opens what is not ready, and says what is wrong with it.
  if (indexes.length > 0) openResults(run.runId, indexes).catch(() => {});
}

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
  const found = await cited(run.runId, index, item).catch(() => ({ item: null, text: null }));
  const title = found.item === null ? task.description || task.tool : itemTitle(found.item);
  const text = found.item === null ? (found.text ?? '').slice(0, 400) : itemText(found.item, title);
  return h(
    'div',
    { class: 'hover-card', role: 'tooltip' },
    h('p', { class: 'hover-head' }, h('span', { class: 'citation open' }, index + 1), h('span', null, task.tool), h('span', { class: 'badge' }, task.server ?? 'unknown'), item !== null && h('span', { class: 'tone-quiet' }, `item ${item}`)),
    h('p', { class: 'hover-title' }, title),
    text && h('p', { class: 'hover-text' }, text),
  );
}
