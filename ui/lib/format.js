// @ts-check
// Numbers as people read them: 14 ms, 0.84 s, 2.1 s, 182 KB, 3.5×.

/**
 * A length of time, short: 14 ms, 0.84 s, 2.1 s, 1 min 12 s.
 * @param {number} ms
 */
export function duration(ms) {
  if (ms < 99.5) return `${milliseconds(ms)} ms`;
  if (ms < 995) return `${(ms / 1000).toFixed(2)} s`;
  return long(ms, 1);
}

/**
 * A time that stands in a column and no longer changes: 4 ms, 0.40 s, 1.12 s.
 * @param {number} ms
 */
export function exact(ms) {
  if (ms < 99.5) return `${milliseconds(ms)} ms`;
  return long(ms, ms < 9995 ? 2 : 1);
}

/**
 * A time that still runs: always one decimal, so that its width stays.
 * @param {number} ms
 */
export function running(ms) {
  return long(ms, 1);
}

/**
 * @param {number} bytes
 */
export function bytes(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  const units = ['KB', 'MB', 'GB'];
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value < 9.95 ? Math.round(value * 10) / 10 : Math.round(value)} ${units[unit]}`;
}

/**
 * 1,204 rather than 1204.
 * @param {number} value
 */
export function integer(value) {
  return Math.round(value).toString().replace(/\B(?=(\d{3})+$)/g, ',');
}

/**
 * A number a server sent: whole ones grouped, others with at most two decimals.
 * @param {number} value
 */
export function quantity(value) {
  return Number.isInteger(value) ? integer(value) : String(Math.round(value * 100) / 100);
}

/**
 * How many times faster, or null where there was nothing to gain.
 * @param {number} sequentialMs
 * @param {number} wallMs
 * @returns {string | null}
 */
export function factor(sequentialMs, wallMs) {
  if (wallMs <= 0) return null;
  const gain = sequentialMs / wallMs;
  if (gain < 1.05) return null;
  return `${gain < 99.5 ? gain.toFixed(1) : integer(gain)}×`;
}

/**
 * `1 task`, `6 tasks`.
 * @param {number} count
 * @param {string} one
 * @param {string} [many]
 */
export function plural(count, one, many = `${one}s`) {
  return `${integer(count)} ${count === 1 ? one : many}`;
}

/**
 * A message of the core stands in lower case without a full stop; in the window it begins a line.
 * @param {string} text
 */
export function sentence(text) {
  const first = text.match(/^\p{Ll}[\p{Ll}'’-]*(?=[\s:,;]|\.?$|\.\s)/u);
  return first === null ? text : text[0].toUpperCase() + text.slice(1);
}

/** @param {number} ms */
function milliseconds(ms) {
  return ms > 0 && ms < 1 ? '<1' : String(Math.round(ms));
}

/** @param {number} ms @param {number} digits */
function long(ms, digits) {
  const seconds = ms / 1000;
  if (seconds < 59.95) return `${seconds.toFixed(digits)} s`;
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** What happened, without what to do, which stands at the end of it. @param {import('../run/live/types.js').Told} told */
export function happened({ message, todo }) {
  const end = todo ? `; ${todo}` : '';
  return end !== '' && message.endsWith(end) ? message.slice(0, -end.length) : message;
}
