// @ts-check
// One frame loop for everything that moves. It stands still while nobody needs it. Where a person
// asked for reduced motion, it steps four times a second instead of with the display.

/** A frame that takes longer than this is not waited for. */
const LONGEST_FRAME_MS = 200;

/** @type {Set<() => void>} */
const followers = new Set();
const reduced = window.matchMedia('(prefers-reduced-motion: reduce)');
let awake = false;

/**
 * Calls `draw` once a frame until the returned function is called.
 * @param {() => void} draw
 * @returns {() => void}
 */
export function eachFrame(draw) {
  followers.add(draw);
  wake();
  return () => followers.delete(draw);
}

/**
 * Wraps `draw` so that any number of calls within a frame draw once.
 * @param {() => void} draw
 * @returns {() => void}
 */
export function oncePerFrame(draw) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    atNextFrame(() => {
      waiting = false;
      draw();
    });
  };
}

/**
 * At the next frame, or soon where the window has none: a covered window shows the truth too.
 * @param {() => void} act
 */
function atNextFrame(act) {
  let done = false;
  const once = () => {
    if (done) return;
    done = true;
    clearTimeout(timer);
    act();
  };
  const timer = setTimeout(once, LONGEST_FRAME_MS);
  requestAnimationFrame(once);
}

function wake() {
  if (awake) return;
  awake = true;
  next();
}

function next() {
  if (followers.size === 0) {
    awake = false;
  } else if (reduced.matches) {
    setTimeout(step, 250);
  } else {
    atNextFrame(step);
  }
}

/** What cannot be drawn does not stop what can. */
function step() {
  for (const draw of [...followers]) {
    try {
      draw();
    } catch (error) {
      reportError(error);
    }
  }
  next();
}
