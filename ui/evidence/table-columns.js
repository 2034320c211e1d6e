// @ts-check
// What the columns of an answer's table hold, by which they get their room. Pure.

/** Texts as long as this stand on one line: a date, a name, an amount. */
const SHORT = 24;

/**
 * `number`: only figures; `short`: nothing that needs a second line; `text`: the others.
 * @param {string[][]} rows texts of the cells, without the head
 * @param {number} columns
 * @returns {('number' | 'short' | 'text')[]}
 */
export function columnKinds(rows, columns) {
  return Array.from({ length: columns }, (_, column) => {
    const cells = rows.map((row) => (row[column] ?? '').trim());
    if (cells.some((cell) => /\d/.test(cell)) && cells.every(isFigure)) return 'number';
    return cells.every((cell) => cell.length <= SHORT) ? 'short' : 'text';
  });
}

/** A date is none: dates stand below one another by their beginnings. @param {string} cell */
function isFigure(cell) {
  return /^[\d.,\s%×–-]*$/.test(cell) && !/^\d{4}-\d{2}/.test(cell);
}
