// @ts-check
// Days as people name them. All functions take "now", so that tests need no clock.

const DAY = 86_400_000;
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

/**
 * The heading a run stands under: Today, Yesterday, Monday …, then the month.
 * @param {Date} day
 * @param {Date} now
 */
export function dayGroup(day, now) {
  const ago = daysAgo(day, now);
  if (ago <= 0) return 'Today';
  if (ago === 1) return 'Yesterday';
  if (ago < 7) return 'Previous 7 days';
  if (day.getFullYear() === now.getFullYear()) return monthName(day);
  return `${monthName(day)} ${day.getFullYear()}`;
}

/**
 * The short time at the right of a history row: 14:02, Mon, 3 Jul, 3 Jul 2025.
 * @param {Date} day
 * @param {Date} now
 */
export function shortWhen(day, now) {
  const ago = daysAgo(day, now);
  if (ago <= 1) return clock(day);
  if (ago < 7) return weekdays[day.getDay()].slice(0, 3);
  return date(day, now);
}

/**
 * The time in a run's top bar: Today 14:02, Yesterday 17:32, Tuesday 09:41, 3 Jul 09:41.
 * @param {Date} day
 * @param {Date} now
 */
export function longWhen(day, now) {
  const ago = daysAgo(day, now);
  if (ago <= 0) return `Today ${clock(day)}`;
  if (ago === 1) return `Yesterday ${clock(day)}`;
  if (ago < 7) return `${weekdays[day.getDay()]} ${clock(day)}`;
  return `${date(day, now)} ${clock(day)}`;
}

/** @param {Date} day */
export function clock(day) {
  return `${String(day.getHours()).padStart(2, '0')}:${String(day.getMinutes()).padStart(2, '0')}`;
}

/** @param {Date} day @param {Date} now */
function date(day, now) {
  const text = `${day.getDate()} ${months[day.getMonth()]}`;
  return day.getFullYear() === now.getFullYear() ? text : `${text} ${day.getFullYear()}`;
}

/** @param {Date} day */
function monthName(day) {
  return day.toLocaleDateString('en', { month: 'long' });
}

/** Calendar days between, so that 23:50 yesterday is one day ago. @param {Date} day @param {Date} now */
function daysAgo(day, now) {
  const midnight = (/** @type {Date} */ d) =>
    Date.UTC(d.getFullYear(), d.getMonth(), d.getDate());
  return Math.round((midnight(now) - midnight(day)) / DAY);
}
