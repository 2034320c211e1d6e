import assert from 'node:assert/strict';
import test from 'node:test';

import { axisLength, labelEvery, tickLabel, ticks, tickStep } from '../../ui/run/timeline/scale.js';
import { path } from '../../ui/run/timeline/links.js';
import { beginning, pieces, place } from '../../ui/run/timeline/bars.js';
import { look, lookIcon, note, time } from '../../ui/run/timeline/task-note.js';
import { plannedTask, reduceTask } from '../../ui/run/live/reduce-task.js';

test('the axis runs ahead of now, and a little past the end', () => {
  assert.equal(axisLength(2000, false), 2700);
  assert.equal(axisLength(2000, true), 2100);
  assert.equal(axisLength(2000, true, true), 2500);
  assert.ok(axisLength(0, false) > 0);
});

test('there are four to eight ticks on every axis', () => {
  for (let length = 3; length < 3_000_000; length *= 1.07) {
    const count = ticks(length).length;
    assert.ok(count >= 4 && count <= 8, `${length}: ${count}`);
  }
});

test('ticks are seconds where that fits, else 1, 2 or 5 of a power of ten', () => {
  assert.equal(tickStep(4590), 1000);
  assert.equal(tickStep(7900), 1000);
  assert.equal(tickStep(20_000), 5000);
  assert.equal(tickStep(13.5), 2);
  for (let length = 3; length < 3_000_000; length *= 1.3) {
    const lead = Number(tickStep(length).toExponential().split('e')[0]);
    assert.ok([1, 2, 5].includes(Math.round(lead * 1e6) / 1e6), `${length}: ${lead}`);
  }
});

test('labels do not run into each other', () => {
  const labels = ['0', '10 ms', '20 ms', '30 ms'];
  assert.equal(labelEvery(labels, 60), 1);
  assert.equal(labelEvery(labels, 32), 2);
  assert.equal(labelEvery(['0', '1 min 30 s'], 32), 3);
  assert.equal(labelEvery([], 0), 12);
});

test('tick labels', () => {
  assert.equal(tickLabel(0, 1000), '0');
  assert.equal(tickLabel(40, 20), '40 ms');
  assert.equal(tickLabel(1500, 500), '1.5 s');
  assert.equal(tickLabel(2000, 1000), '2 s');
  assert.equal(tickLabel(90_000, 30_000), '1 min 30 s');
});

const planned = (extra = {}) => plannedTask({ type: 'taskPlanned', index: 0, atMs: 100, id: 't1', server: 's', tool: 'x', arguments: {}, description: '', dependsOn: [], ...extra });
const after = (...events) => events.reduce((task, event) => reduceTask(task, { index: 0, ...event }), planned());
const kinds = (task, now) => pieces(task, now).map((piece) => piece.kind);

test('every state has its own bar', () => {
  const start = { type: 'taskStarted', atMs: 200, attempt: 1 };
  const end = (status, atMs = 900) => ({ type: 'taskFinished', atMs, status, elapsedMs: 700, attempts: 1, resultBytes: 3, preview: '' });
  assert.deepEqual(kinds(planned(), 500), ['diamond']);
  assert.deepEqual(kinds(after({ type: 'taskWaiting', atMs: 150, reason: 'dependency' }), 500), ['wait']);
  assert.deepEqual(kinds(after({ type: 'taskWaiting', atMs: 150, reason: 'limit' }), 500), ['queue']);
  assert.deepEqual(kinds(after({ type: 'taskWaiting', atMs: 150, reason: 'rate' }), 500), ['queue']);
  assert.deepEqual(kinds(after({ type: 'taskWaiting', atMs: 150, reason: 'approval' }), 500), ['approval']);
  assert.deepEqual(kinds(after(start), 500), ['run']);
  assert.deepEqual(kinds(after(start, { type: 'taskProgress', atMs: 300, progress: 1, total: 4 }), 500), ['progress']);
  assert.deepEqual(kinds(after(start, { type: 'taskProgress', atMs: 300, progress: 1 }), 500), ['run']);
  assert.deepEqual(kinds(after(start, end('completed')), 1000), ['done']);
  assert.deepEqual(kinds(after(start, end('failed')), 1000), ['bad']);
  assert.deepEqual(kinds(after(start, end('cancelled')), 1000), ['stopped']);
  assert.deepEqual(kinds(after(end('skipped')), 1000), ['skip']);
  assert.deepEqual(kinds(after(end('cancelled')), 1000), ['unstarted']);
  assert.deepEqual(kinds(after({ ...end('completed'), reused: { runId: 'r', ageMs: 300_000 } }), 1000), ['kept']);
  assert.deepEqual(kinds(after(end('failed')), 1000), ['bad']);
});

test('a retried task shows the tried part, the gap and the next attempt', () => {
  const task = after(
    { type: 'taskStarted', atMs: 200, attempt: 1 },
    { type: 'taskRetrying', atMs: 300, attempt: 1, delayMs: 250, reason: 'HTTP 503' },
    { type: 'taskStarted', atMs: 550, attempt: 2 },
  );
  assert.deepEqual(kinds(task, 700), ['tried', 'gap', 'run']);
  const [tried, gap, run] = pieces(task, 700);
  assert.deepEqual([tried.from, tried.to, gap.to, run.to], [200, 300, 550, 700]);
});

test('a wait stays in sight before the run', () => {
  const task = after({ type: 'taskWaiting', atMs: 150, reason: 'dependency' }, { type: 'taskStarted', atMs: 400, attempt: 1 });
  assert.deepEqual(kinds(task, 500), ['wait', 'run']);
});

test('a bar is never too thin to see', () => {
  assert.equal(place({ kind: 'bad', from: 10, to: 10, live: false }, 0.1).width, 3);
  assert.equal(place({ kind: 'run', from: 0, to: 1000, live: true }, 0.1).width, 100);
});

test('a dependency line leaves left of the bar and ends at the ring', () => {
  const [elbow, arrow] = path({ fromX: 100, fromRow: 1, toX: 150, toRow: 3 }, 48);
  assert.match(elbow, /^M100 63H94/);
  assert.match(elbow, /H148$/);
  assert.match(arrow, /L148 159L/);
  assert.match(path({ fromX: 100, fromRow: 1, toX: 20, toRow: 3 }, 48)[0], /^M100 63H13/);
});

const ended = (status, extra = {}) => after({ type: 'taskFinished', atMs: 101, status, elapsedMs: 0, attempts: 0, resultBytes: 7421, preview: '', ...extra });
const words = (task, context = {}) => note(task, { tasks: [task], ...context }).text;

test('what ended without a call is told apart by shape, not by colour', () => {
  const kept = ended('completed', { items: 15, reused: { runId: 'r', ageMs: 299_998 } });
  const shapes = [kept, ended('cancelled'), ended('skipped'), ended('failed')];
  assert.equal(new Set(shapes.map((task) => pieces(task, 500)[0].kind)).size, 4);
  assert.equal(new Set(shapes.map((task) => lookIcon[look(task)])).size, 4);
  assert.equal(words(kept), 'Kept from an earlier run, 5 min ago · 15 items · 7.4 KB');
  assert.equal(time(kept, 500), 'reused');
  assert.equal(words(ended('cancelled')), 'Cancelled before it started');
  for (const task of shapes.slice(0, 3)) assert.ok(place(pieces(task, 500)[0], 0.01).width >= 12);
});

test('a wait says what is known of it', () => {
  const limits = { maxConcurrent: 64, requestsPerSecond: 2 };
  const wait = (extra) => words(after({ type: 'taskWaiting', atMs: 150, ...extra }), { limits });
  assert.equal(wait({ reason: 'limit' }), 'Queued · 64 calls at once');
  assert.equal(wait({ reason: 'limit', limit: 64 }), 'Queued · 64 calls at once');
  assert.equal(wait({ reason: 'limit', limit: 32 }), 'Queued · 32 calls at once (server asked for less)');
  assert.equal(wait({ reason: 'rate' }), 'Queued · 2 calls a second');
  assert.equal(wait({ reason: 'rate', untilMs: 900 }), 'Queued · server asked to wait');
  assert.equal(wait({ reason: 'limit', limit: 32, untilMs: 900 }), 'Queued · server asked to wait');
});

test('a wait told twice is one wait', () => {
  const task = after({ type: 'taskWaiting', atMs: 150, reason: 'limit', limit: 64 }, { type: 'taskWaiting', atMs: 300, reason: 'limit', limit: 32 });
  assert.deepEqual(kinds(task, 500), ['queue']);
  assert.equal(task.limit, 32);
});

test('what a task waits for is known from the plan and from the wait', () => {
  const task = reduceTask(planned({ dependsOn: [3] }), { type: 'taskWaiting', atMs: 150, index: 0, reason: 'dependency', on: [3, 5] });
  assert.deepEqual(task.dependsOn, [3, 5]);
  assert.equal(beginning(task, 500), 150);
  assert.equal(beginning(planned(), 500), 100);
});

test('a retry says that the server gets fewer calls', () => {
  const reason = 'HTTP 429; server "files" now gets 32 calls at once instead of 64';
  const task = after({ type: 'taskStarted', atMs: 200, attempt: 1 }, { type: 'taskRetrying', atMs: 300, attempt: 1, delayMs: 250, reason });
  assert.equal(words(task, { limits: { attempts: 3 } }), `Attempt 2 of 3 after ${reason}`);
  assert.equal(words(task), `Attempt 2 after ${reason}`);
});
