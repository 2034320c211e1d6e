// @ts-check
// Rows that are made as they come into view, kept in the document in the order in which they are
// seen: that is the order in which Tab and a screen reader go.

/**
 * Puts a row before the next one that is there. Those that are there are not moved: one that moves
 * would lose the keyboard.
 * @template Row
 * @param {Element} parent
 * @param {HTMLElement} element
 * @param {number} place
 * @param {Map<number, Row>} made rows in the document, by their places
 * @param {(row: Row) => Element} elementOf
 */
export function insertInOrder(parent, element, place, made, elementOf) {
  let next = Infinity;
  for (const other of made.keys()) if (other > place && other < next) next = other;
  const row = made.get(next);
  parent.insertBefore(element, row === undefined ? null : elementOf(row));
}
