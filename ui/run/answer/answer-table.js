// @ts-check
// A table of an answer: columns get the room that their words need, and where that is more than
// there is, the table alone scrolls sideways, with the keyboard too.

import { h } from '../../lib/dom.js';
import { columnKinds } from '../../evidence/table-columns.js';

/** @param {HTMLTableElement} table */
export function dressTable(table) {
  const heads = [...table.querySelectorAll('thead th')];
  const rows = [...table.querySelectorAll('tbody tr')];
  const texts = rows.map((row) => [...row.children].map((cell) => cell.textContent ?? ''));
  columnKinds(texts, heads.length).forEach((kind, column) => {
    for (const cell of [heads[column], ...rows.map((row) => row.children[column])]) cell?.classList.add(kind);
  });
  const scroller = h('div', { class: 'table-scroll' });
  table.replaceWith(scroller);
  scroller.append(table);
  watcher.observe(scroller);
  watcher.observe(table);
}

/** Only what scrolls is a stop for Tab. */
const watcher = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (!target.isConnected) watcher.unobserve(target);
    else if (target.parentElement !== null) fit(/** @type {HTMLElement} */ (target.closest('.table-scroll')));
  }
});

/** @param {HTMLElement} scroller */
function fit(scroller) {
  const scrolls = scroller.scrollWidth > scroller.clientWidth + 1;
  if (scrolls === scroller.classList.contains('scrolls')) return;
  scroller.classList.toggle('scrolls', scrolls);
  if (!scrolls) {
    for (const name of ['tabindex', 'role', 'aria-label']) scroller.removeAttribute(name);
    return;
  }
  scroller.tabIndex = 0;
  scroller.setAttribute('role', 'region');
  scroller.setAttribute('aria-label', 'Table, wider than the page');
}
