// @ts-check
// Dependency lines: a dashed elbow from another task's bar to the ring of the task that waits for
// it. One SVG over all rows; only rows in view are given.

import { svg } from '../../lib/dom.js';

/** @typedef {{ fromX: number, fromRow: number, toX: number, toRow: number }} Link */

const MOST = 80;

/**
 * @param {SVGElement} canvas
 * @param {Link[]} links
 * @param {number} rowHeight
 */
export function drawLinks(canvas, links, rowHeight) {
  const wanted = links.slice(0, MOST);
  while (canvas.childElementCount > wanted.length) canvas.lastElementChild?.remove();
  while (canvas.childElementCount < wanted.length) canvas.append(line());
  wanted.forEach((link, k) => {
    const group = canvas.children[k];
    const [elbow, arrow] = path(link, rowHeight);
    group.children[0].setAttribute('d', elbow);
    group.children[1].setAttribute('d', arrow);
  });
}

/** The dashed line and its arrow. @param {Link} link @param {number} rowHeight */
export function path({ fromX, fromRow, toX, toRow }, rowHeight) {
  const y1 = fromRow * rowHeight + 15;
  const y2 = toRow * rowHeight + 15;
  const end = toX - 2;
  const x = Math.min(fromX - 9, end - 8);
  const bend = y2 > y1 ? 3 : -3;
  const elbow = `M${fromX} ${y1}H${x + 3}Q${x} ${y1} ${x} ${y1 + bend}V${y2 - bend}Q${x} ${y2} ${x + 3} ${y2}H${end}`;
  return [elbow, `M${end - 5} ${y2 - 3.5}L${end} ${y2}L${end - 5} ${y2 + 3.5}`];
}

function line() {
  return svg('g', {}, svg('path', { class: 'link-line' }), svg('path', { class: 'link-arrow' }));
}
