// @ts-check
// Builds elements. `h` for HTML, `svg` for drawings; text goes in as text, never as markup.

/** @typedef {Node | string | number | false | null | undefined} Child */

/**
 * An element with attributes, listeners (`onclick: fn`), `dataset` and children.
 * `false`, `null` and `undefined` leave an attribute or a child out.
 * @param {string} tag
 * @param {Record<string, any> | null} [attributes]
 * @param {...(Child | Child[])} children
 * @returns {HTMLElement}
 */
export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) set(element, name, value);
  append(element, children);
  return element;
}

/**
 * @param {string} tag
 * @param {Record<string, any>} attributes
 * @param {...SVGElement} children
 * @returns {SVGElement}
 */
export function svg(tag, attributes, ...children) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) {
    element.setAttribute(name, String(value));
  }
  element.append(...children);
  return element;
}

/**
 * Puts other children in the place of those there.
 * @param {Element} element
 * @param {...(Child | Child[])} children
 */
export function fill(element, ...children) {
  element.replaceChildren();
  append(element, children);
}

/**
 * Sets text only where it differs, so that an unchanged node is not touched in each frame.
 * @param {Node} node
 * @param {string} text
 */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * Sends a message up the tree: `open-run`, `open-task`, `ask`, …
 * @param {EventTarget} from
 * @param {string} name
 * @param {any} [detail]
 */
export function send(from, name, detail) {
  from.dispatchEvent(new CustomEvent(name, { bubbles: true, cancelable: true, detail }));
}

/** @param {HTMLElement} element @param {string} name @param {any} value */
function set(element, name, value) {
  if (value === false || value === null || value === undefined) return;
  if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
  else if (name === 'dataset') Object.assign(element.dataset, value);
  else if (name === 'value' || name === 'checked') /** @type {any} */ (element)[name] = value;
  else element.setAttribute(name, value === true ? '' : String(value));
}

/** @param {Element} element @param {(Child | Child[])[]} children */
function append(element, children) {
  for (const child of children.flat()) {
    if (child === false || child === null || child === undefined) continue;
    element.append(child instanceof Node ? child : String(child));
  }
}
