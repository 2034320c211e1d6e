// @ts-check
// The timeline's common axis: how long it is, where its ticks stand. Pure; times in milliseconds,
// places in pixels.

/**
 * Length of the axis. It runs ahead of now, so that bars grow into free space.
 * @param {number} nowMs
 * @param {boolean} ended
 * @param {boolean} [compact] notes stand right of the bars, and need room there
 */
export function axisLength(nowMs, ended, compact = false) {
  const ahead = !ended ? 1.35 : compact ? 1.25 : 1.05;
  return Math.max(nowMs * ahead, 10);
}

/**
 * Ticks of one second, or of 1, 2 or 5 times a power of ten where that would be fewer than 4 or
 * more than 8.
 * @param {number} lengthMs
 * @returns {number[]} in milliseconds, the first one 0
 */
export function ticks(lengthMs) {
  const step = tickStep(lengthMs);
  const places = [];
  for (let k = 0; k * step < lengthMs; k += 1) places.push(k * step);
  return places;
}

/** @param {number} lengthMs */
export function tickStep(lengthMs) {
  const fits = (/** @type {number} */ step) => {
    const count = Math.ceil(lengthMs / step);
    return count >= 4 && count <= 8;
  };
  if (fits(1000)) return 1000;
  let power = 10 ** Math.floor(Math.log10(lengthMs / 8));
  for (;;) {
    for (const factor of [1, 2, 5]) if (fits(factor * power)) return factor * power;
    power *= 10;
  }
}

/**
 * A tick's label: 0, 40 ms, 0.5 s, 2 s, 1 min 30 s.
 * @param {number} ms
 * @param {number} step
 */
export function tickLabel(ms, step) {
  if (ms === 0) return '0';
  if (step < 100) return `${trimmed(ms)} ms`;
  if (ms < 60_000) return `${trimmed(ms / 1000)} s`;
  const seconds = Math.round((ms % 60_000) / 1000);
  const minutes = Math.floor(ms / 60_000);
  return seconds === 0 ? `${minutes} min` : `${minutes} min ${seconds} s`;
}

/** About what a character of a label takes, and the gap to the next label, in pixels. */
const CHARACTER = 6.5;
const GAP = 12;

/**
 * Which of the labels have room: every one, every second one and so on.
 * @param {string[]} labels
 * @param {number} spacing pixels between two ticks
 */
export function labelEvery(labels, spacing) {
  const widest = Math.max(0, ...labels.map((label) => label.length)) * CHARACTER + GAP;
  return Math.max(1, Math.ceil(widest / Math.max(1, spacing)));
}

/** @param {number} value */
function trimmed(value) {
  return String(Math.round(value * 100) / 100);
}
