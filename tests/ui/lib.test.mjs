// Small parts of the page, without a window.

import assert from 'node:assert/strict';
import test from 'node:test';

import { copyText } from '../../ui/lib/clipboard.js';
import { insertInOrder } from '../../ui/lib/in-order.js';
import { later } from '../../ui/lib/later.js';
import { runClock } from '../../ui/run/live/run-clock.js';
import { columnKinds } from '../../ui/evidence/table-columns.js';

test('what is done later can be called off, and begun anew', async () => {
  let done = 0;
  const act = later(1, () => (done += 1));
  act.start();
  assert.ok(act.waits);
  act.stop();
  assert.ok(!act.waits, 'what was called off is not waited for');
  act.start();
  act.start();
  while (act.waits) await new Promise((next) => setTimeout(next, 1));
  assert.equal(done, 1);
});

test('rows stand in the order of their places, however they come', () => {
  const parent = {
    children: [],
    insertBefore(row, next) {
      this.children.splice(next === null ? this.children.length : this.children.indexOf(next), 0, row);
    },
  };
  const made = new Map();
  for (const place of [40, 41, 42, 7, 39, 38, 90, 0]) {
    const row = { place };
    insertInOrder(parent, row, place, made, (other) => other);
    made.set(place, row);
  }
  assert.deepEqual(parent.children.map(({ place }) => place), [0, 7, 38, 39, 40, 41, 42, 90]);
});

const run = (extra = {}) => ({ runId: 'r', state: 'running', startedAt: '2026-01-01T00:00:00.000Z', nowMs: 0, ...extra });

test('the live time goes on evenly, whatever happens to the wall clock', () => {
  const start = Date.parse(run().startedAt);
  let wall = start + 2000;
  let steady = 500;
  const now = runClock(() => wall, () => steady);
  assert.equal(now(run()), 2000);
  steady += 100;
  wall += 3_600_000;
  assert.equal(now(run()), 2100);
  wall = 0;
  assert.equal(now(run()), 2100);
  // An event knows better.
  assert.equal(now(run({ nowMs: 2500 })), 2500);
  steady += 100;
  assert.equal(now(run({ nowMs: 2500 })), 2600);
  assert.equal(now(run({ nowMs: 2550, state: 'finished' })), 2550);
});

test('a run that began after now by the wall clock has just begun', () => {
  const now = runClock(() => 0, () => 9);
  assert.equal(now(run({ nowMs: 4 })), 4);
});

test('columns are figures, short words or text', () => {
  const rows = [
    ['Forty million installs, one tired maintainer', 'ann', '2026-03-04', '1,204'],
    ['b', 'ines.okafor', '2026-03-05', '98 %'],
  ];
  assert.deepEqual(columnKinds(rows, 4), ['text', 'short', 'short', 'number']);
  assert.deepEqual(columnKinds([], 2), ['short', 'short']);
  assert.deepEqual(columnKinds([['a']], 2), ['short', 'short']);
});

/** @param {{ promised: boolean, later: boolean }} takes what this web view takes, while a click is handled and after */
function webView(takes) {
  const written = [];
  let clicked = true;
  globalThis.ClipboardItem = class {
    constructor(given) {
      this.given = given;
    }
  };
  const clipboard = {
    write: async ([item]) => {
      if (!takes.promised || !clicked) throw new Error('not allowed');
      written.push(await (await item.given['text/plain']).text());
    },
    writeText: async (text) => {
      if (!clicked && !takes.later) throw new Error('not allowed');
      written.push(text);
    },
  };
  Object.defineProperty(globalThis, 'navigator', { value: { clipboard }, configurable: true });
  return { written, over: () => (clicked = false) };
}

for (const takes of [{ promised: true, later: false }, { promised: false, later: true }]) {
  test(`a text that is still to come is copied (${JSON.stringify(takes)})`, async () => {
    const { written, over } = webView(takes);
    let come = (/** @type {string} */ _text) => {};
    const copying = copyText(new Promise((done) => (come = done)));
    over();
    come('# Answer');
    assert.equal(await copying, true);
    assert.deepEqual(written, ['# Answer']);
  });
}

test('a text that does not come is an error, not an empty copy', async () => {
  const { written } = webView({ promised: true, later: false });
  await assert.rejects(copyText(Promise.reject(new Error('the run is gone'))), /the run is gone/);
  assert.deepEqual(written, []);
});
