import assert from 'node:assert/strict';
import test from 'node:test';

import { bytes, duration, exact, factor, happened, integer, plural, quantity, running, sentence } from '../../ui/lib/format.js';
import { clock, dayGroup, longWhen, shortWhen } from '../../ui/lib/days.js';

const check = (name, make, pairs) =>
  test(name, () => {
    for (const [given, expected] of pairs) assert.equal(make(given), expected, String(given));
  });

check('a length of time', duration, [[0, '0 ms'], [0.4, '<1 ms'], [14, '14 ms'], [99.4, '99 ms'], [840, '0.84 s'], [2100, '2.1 s'], [59_900, '59.9 s'], [72_000, '1 min 12 s'], [3_720_000, '1 h 2 min']]);
check('a time in a column', exact, [[3, '3 ms'], [400, '0.40 s'], [1120, '1.12 s'], [12_300, '12.3 s']]);
check('a time that runs', running, [[0, '0.0 s'], [300, '0.3 s'], [3400, '3.4 s'], [61_000, '1 min 1 s']]);
check('a size', bytes, [[0, '0 B'], [999, '999 B'], [1000, '1 KB'], [182_000, '182 KB'], [999_400, '999 KB'], [999_600, '1 MB'], [1234, '1.2 KB'], [50_000_000, '50 MB'], [2_500_000_000, '2.5 GB']]);
check('a whole number', integer, [[7, '7'], [1204, '1,204'], [1234567, '1,234,567']]);
check('a quantity', quantity, [[2006, '2,006'], [0.333, '0.33']]);
check('the beginning of a line', sentence, [['connection lost', 'Connection lost'], ['the server exited', 'The server exited'], ['ci.example.org refused', 'ci.example.org refused'], ['search_files failed', 'search_files failed'], ['HTTP 404', 'HTTP 404'], ['', '']]);

test('a gain', () => {
  assert.equal(factor(6400, 1829), '3.5×');
  assert.equal(factor(1000, 1000), null);
  assert.equal(factor(10, 0), null);
});

test('one and many', () => {
  assert.equal(plural(1, 'task'), '1 task');
  assert.equal(plural(1500, 'task'), '1,500 tasks');
});

test('days', () => {
  const now = new Date(2026, 6, 14, 14, 10);
  const at = (day, hour = 9, minute = 41) => new Date(2026, 6, day, hour, minute);
  assert.equal(dayGroup(at(14), now), 'Today');
  assert.equal(dayGroup(at(13, 23, 59), now), 'Yesterday');
  assert.equal(dayGroup(at(9), now), 'Previous 7 days');
  assert.equal(dayGroup(new Date(2026, 4, 3), now), 'May');
  assert.equal(dayGroup(new Date(2025, 4, 3), now), 'May 2025');
  assert.equal(longWhen(at(14), now), 'Today 09:41');
  assert.equal(longWhen(at(7), now), '7 Jul 09:41');
  assert.equal(shortWhen(at(11), now), 'Sat');
  assert.equal(shortWhen(at(3), now), '3 Jul');
  assert.equal(clock(at(1, 7, 5)), '07:05');
});

test('what happened is told without what to do, and no sentence is cut apart for it', () => {
  const todo = 'install uv; or choose another command';
  assert.equal(happened({ message: `uvx is not installed; ${todo}`, todo }), 'uvx is not installed');
  assert.equal(happened({ message: 'it said: no; try again' }), 'it said: no; try again');
  // A message that was cut off has lost its end.
  assert.equal(happened({ message: 'uvx is not installed; inst … [cut here; 99 bytes in all]', todo }), 'uvx is not installed; inst … [cut here; 99 bytes in all]');
});
