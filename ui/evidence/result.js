// @ts-check
// How a result's items are shown: the columns of their table, the title and the text of one. Pure.
// What the items are is `items.js`'s matter.

/** @typedef {{ key: string, numeric: boolean }} Column */

const mainKeys = ['title', 'name', 'question', 'subject', 'label', 'headline', 'path', 'url', 'text', 'id'];
const secondKeys = ['author', 'user', 'owner', 'username', 'source', 'type', 'state', 'status', 'tag'];
const numberKeys = ['score', 'count', 'total', 'comments', 'stars', 'size', 'number', 'amount', 'price'];

/**
 * Columns of a table: the name of a thing first, then what tells things apart.
 * @param {any[]} items
 * @param {number} most
 * @returns {Column[]}
 */
export function columns(items, most) {
  const sample = items.slice(0, 50).filter((item) => item && typeof item === 'object' && !Array.isArray(item));
  if (sample.length === 0) return [];
  /** @type {Map<string, { seen: number, numeric: boolean, length: number }>} */
  const keys = new Map();
  for (const item of sample) {
    for (const [key, value] of Object.entries(item)) {
      if (value === null || typeof value === 'object') continue;
      const entry = keys.get(key) ?? { seen: 0, numeric: true, length: 0 };
      entry.seen += 1;
      entry.numeric &&= typeof value === 'number';
      entry.length += String(value).length;
      keys.set(key, entry);
    }
  }
  const main = mainKeys.find((key) => keys.has(key) && !keys.get(key)?.numeric) ?? [...keys.keys()][0];
  if (main === undefined) return [];
  const rank = (/** @type {string} */ key) => {
    const { seen, numeric, length } = /** @type {{ seen: number, numeric: boolean, length: number }} */ (keys.get(key));
    if (/(^|_)id$/i.test(key)) return -2;
    if (secondKeys.includes(key)) return 5;
    if (numberKeys.includes(key)) return 4;
    if (numeric) return 3;
    return length / seen <= 18 ? 2 : -1;
  };
  const others = [...keys.keys()].filter((key) => key !== main && rank(key) >= 0);
  const order = [...keys.keys()];
  const chosen = others.sort((a, b) => rank(b) - rank(a) || order.indexOf(a) - order.indexOf(b)).slice(0, most - 1);
  const sorted = chosen.sort((a, b) => Number(keys.get(a)?.numeric) - Number(keys.get(b)?.numeric));
  return [main, ...sorted].map((key) => ({ key, numeric: keys.get(key)?.numeric ?? false }));
}

/** The text of an item below its title: its longest string that is not the title. @param {any} item @param {string} title */
export function itemText(item, title) {
  if (item === null || typeof item !== 'object') return '';
  let longest = '';
  for (const value of Object.values(item)) {
    if (typeof value === 'string' && value !== title && value.length > longest.length) longest = value;
  }
  return longest.length >= 24 ? longest : '';
}

/** What stands for an item in one line. @param {any} item */
export function itemTitle(item) {
  if (item === null || typeof item !== 'object') return String(item);
  for (const key of mainKeys) if (typeof item[key] === 'string') return item[key];
  return JSON.stringify(item);
}

/**
 * A line in pieces of at most so many letters, cut after spaces where there are any. Nothing is
 * left out: the pieces put together are the line.
 * @param {string} line
 * @param {number} columns
 * @returns {string[]}
 */
export function wrapped(line, columns) {
  const most = Math.max(8, columns);
  if (line.length <= most) return [line];
  const pieces = [];
  let from = 0;
  while (line.length - from > most) {
    // Looked for in this piece alone: a megabyte without a space is cut as fast as any line. One
    // right at its beginning, as an indent has, would leave the line nearly empty.
    const space = line.slice(from, from + most).lastIndexOf(' ');
    let to = space > most / 3 ? from + space + 1 : from + most;
    // Half of a letter is none.
    if (/[\udc00-\udfff]/.test(line[to]) && to > from + 1) to -= 1;
    pieces.push(line.slice(from, to));
    from = to;
  }
  return [...pieces, line.slice(from)];
}
