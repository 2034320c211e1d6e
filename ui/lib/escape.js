// @ts-check
// Escape closes the topmost thing. What can be closed puts itself on this stack while it is open.

/** @type {(() => boolean | void)[]} */
const stack = [];

/**
 * `close` returns false when it had nothing to close; the next one below is asked then.
 * @param {() => boolean | void} close
 * @returns {() => void} takes it off again
 */
export function onEscape(close) {
  stack.push(close);
  return () => {
    const place = stack.indexOf(close);
    if (place >= 0) stack.splice(place, 1);
  };
}

document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape' || event.defaultPrevented || event.isComposing) return;
  for (const close of [...stack].reverse()) {
    if (close() !== false) {
      event.preventDefault();
      return;
    }
  }
});
