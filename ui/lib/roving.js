// @ts-check
// Arrow keys within a list of which one item at a time can be reached by Tab.

/**
 * @param {HTMLElement} container
 * @param {string} selector of its items
 * @param {{ horizontal?: boolean }} [options]
 */
export function roving(container, selector, { horizontal = false } = {}) {
  const [back, forth] = horizontal ? ['ArrowLeft', 'ArrowRight'] : ['ArrowUp', 'ArrowDown'];
  container.addEventListener('keydown', (event) => {
    const from = event.target instanceof Element ? event.target.closest(selector) : null;
    if (from === null || event.defaultPrevented) return;
    const items = itemsOf(container, selector);
    const place = items.indexOf(/** @type {HTMLElement} */ (from));
    const places = /** @type {Record<string, number>} */ ({
      [back]: place - 1,
      [forth]: place + 1,
      Home: 0,
      End: items.length - 1,
    });
    const next = places[event.key];
    if (next === undefined || items[next] === undefined) return;
    event.preventDefault();
    items[next].focus();
  });
  container.addEventListener('focusin', (event) => {
    const item = event.target instanceof Element ? event.target.closest(selector) : null;
    if (item !== null) reachable(container, selector, /** @type {HTMLElement} */ (item));
  });
}

/**
 * Makes one item reachable by Tab: the given one, else the first.
 * @param {HTMLElement} container
 * @param {string} selector
 * @param {HTMLElement | null} [item]
 */
export function reachable(container, selector, item = null) {
  const items = itemsOf(container, selector);
  const chosen = item !== null && items.includes(item) ? item : items[0];
  for (const other of items) {
    const index = other === chosen ? 0 : -1;
    if (other.tabIndex !== index) other.tabIndex = index;
  }
}

/** @param {HTMLElement} container @param {string} selector @returns {HTMLElement[]} */
function itemsOf(container, selector) {
  return [...container.querySelectorAll(selector)].filter(
    (item) => item instanceof HTMLElement && !item.hidden,
  ).map((item) => /** @type {HTMLElement} */ (item));
}
