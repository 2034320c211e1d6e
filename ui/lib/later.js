// @ts-check
// A thing that is done once, after a while, unless it is called off before: whoever waits for it can
// always ask whether it is still to come.

/** @param {number} ms @param {() => void} act */
export function later(ms, act) {
  let timer = /** @type {ReturnType<typeof setTimeout> | null} */ (null);
  const stop = () => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
  };
  return {
    /** Begins to wait, anew where it does already. */
    start() {
      stop();
      timer = setTimeout(() => {
        timer = null;
        act();
      }, ms);
    },
    stop,
    get waits() {
      return timer !== null;
    },
  };
}
