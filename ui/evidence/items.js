// @ts-check
// What a tool's result says, and the items that a citation `[n.k]` counts. The rule is that of
// `core/src/synthesize/evidence.rs`; both must name the same k-th item. Pure.

/** @typedef {{ isError: boolean, data: any, text: string | null, items: any[] | null, path: string }} Result */

/**
 * @param {string} json the whole `CallToolResult`
 * @returns {Result} `path` is the JSON Pointer of the items in `data`
 */
export function readResult(json) {
  const whole = parsed(json);
  const data = whole === undefined ? json : valueOf(whole);
  const list = itemsOf(data);
  return {
    isError: whole?.isError === true,
    data,
    text: typeof data === 'string' ? data : null,
    items: list?.items ?? null,
    path: list?.path ?? '',
  };
}

/** `structuredContent`, else the text as JSON, else the text. @param {any} result */
export function valueOf(result) {
  const structured = result?.structuredContent;
  if (structured !== undefined && structured !== null) return unwrapped(structured);
  const text = textOf(result);
  const value = /^\s*[{[]/.test(text) ? parsed(text) : undefined;
  return value === undefined ? text : value;
}

/**
 * The list in a value: itself, else its first property that is a list of objects, else its first
 * list.
 * @param {any} value
 * @returns {{ items: any[], path: string } | null}
 */
export function itemsOf(value) {
  if (Array.isArray(value)) return { items: value, path: '' };
  if (!isObject(value)) return null;
  const lists = Object.entries(value).filter(([, list]) => Array.isArray(list));
  const found = lists.find(([, list]) => isObject(list[0])) ?? lists[0];
  return found === undefined ? null : { items: found[1], path: `/${pointerPart(found[0])}` };
}

/** A key in a JSON Pointer. @param {string | number} key */
export function pointerPart(key) {
  return String(key).replaceAll('~', '~0').replaceAll('/', '~1');
}

/** The text blocks, joined; other blocks are named by their kind. @param {any} result */
function textOf(result) {
  const blocks = Array.isArray(result?.content) ? result.content : [];
  const text = (/** @type {any} */ value) => (typeof value === 'string' ? value : undefined);
  return blocks
    .map((/** @type {any} */ block) => text(block?.text) ?? text(block?.resource?.text) ?? text(block?.uri) ?? `[${text(block?.type) ?? 'unknown content'}]`)
    .join('\n');
}

/** Some frameworks wrap what is no object in `{"result": …}`. @param {any} structured */
function unwrapped(structured) {
  if (!isObject(structured) || Object.keys(structured).length !== 1 || structured.result === undefined) return structured;
  const inner = structured.result;
  return typeof inner === 'string' ? (parsed(inner) ?? inner) : inner;
}

/** @param {any} value */
function isObject(value) {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** @param {string} text */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
