// The modules that hold what the window knows, against a window that answers as its Rust side does.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

const streams = JSON.parse(readFileSync(new URL('../fixtures/events.json', import.meta.url), 'utf8'));
const golden = (name) => streams.find((stream) => stream.name.startsWith(name)).events;

/** @type {Map<string, { send: (events: any[]) => void, afterSeq: number | null }[]>} */
const watches = new Map();
/** @type {Record<string, (given: any) => any>} */
const commands = {};
class Channel {
  onmessage = () => {};
}
const invoke = async (command, given) => {
  if (command !== 'watch_run') return commands[command](given);
  const { runId, afterSeq, channel } = given;
  watches.set(runId, [...(watches.get(runId) ?? []), { send: (events) => channel.onmessage(events), afterSeq }]);
  return null;
};
/** @type {(() => void)[]} */
const frames = [];
Object.assign(globalThis, {
  window: { __TAURI__: { core: { Channel, invoke } }, matchMedia: () => ({ matches: false }) },
  requestAnimationFrame: (draw) => frames.push(draw),
});

const { followRun, isFollowed, knownRun, onAnyRun } = await import('../../ui/run/live/live-runs.js');
const { draftOf, keepDraft, onFollowUpDue, queue, queuedOf, takeBack } = await import('../../ui/ask/follow-ups.js');
const { history, merged, moreHistory, searchHistory } = await import('../../ui/history/history.js');
const { laterTurns } = await import('../../ui/run/threads.js');
const { eachFrame } = await import('../../ui/lib/frames.js');

const settled = () => new Promise((done) => setTimeout(done, 0));
let count = 0;
/** The events of a golden run, under an id of their own. @param {any[]} events */
const own = (events, extra = {}) => {
  count += 1;
  const runId = `run-${count}`;
  return { runId, events: events.map((event) => ({ ...event, runId, ...(event.type === 'started' ? extra : {}) })) };
};
/** Follows a run; what was told stands in the list. @param {string} runId */
const follow = (runId) => {
  const told = [];
  followRun(runId, (run) => told.push(run));
  const [watch] = /** @type {any} */ (watches.get(runId)).slice(-1);
  return { told, ...watch };
};

test('a run that ended long ago is told once, whole, however many messages it takes', () => {
  const { runId, events } = own(golden('partial'));
  const { told, send } = follow(runId);
  assert.equal(told.length, 1);
  assert.equal(told[0].lastSeq, -1);
  send(events.slice(0, 20));
  send(events.slice(20, 30));
  assert.equal(told.length, 1, 'half of it looks like a run that goes on');
  send(events.slice(30));
  assert.deepEqual(told.map((run) => run.state), ['running', 'partial']);
  send([]);
  assert.equal(told.length, 2);
});

test('a live run is told event by event', () => {
  const { runId, events } = own(golden('three tasks'), { startedAt: new Date().toISOString() });
  const { told, send } = follow(runId);
  send(events.slice(0, 1));
  send(events.slice(1, 2));
  assert.deepEqual(told.map((run) => run.lastSeq), [-1, 0, 1]);
  assert.equal(knownRun(runId)?.lastSeq, 1);
});

test('a live run that was quiet for long is told after a moment', async () => {
  const { runId, events } = own(golden('three tasks'), { startedAt: new Date(Date.now() - 60_000).toISOString() });
  const { told, send } = follow(runId);
  send(events.slice(0, 9));
  assert.equal(told.length, 1);
  await new Promise((done) => setTimeout(done, 200));
  assert.equal(told[1].lastSeq, 8);
  send(events.slice(9, 10));
  assert.equal(told[2].lastSeq, 9, 'what comes now is told at once');
});

test('a run whose program was killed is interrupted, without anybody asking anew', async () => {
  const { runId, events } = own(golden('partial'));
  commands.list_runs = ({ thread }) => ({ runs: [{ id: thread, state: 'interrupted' }], total: 1 });
  const { told, send } = follow(runId);
  send(events.slice(0, 20));
  send([]);
  await settled();
  assert.deepEqual(told.map((run) => run.state), ['running', 'interrupted']);
  assert.ok(told[1].tasks.every((task) => task.endedMs !== null));
});

test('a stream that broke off is taken up where it was', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { runId, events } = own(golden('partial'));
  commands.list_runs = ({ thread }) => ({ runs: [{ id: thread, state: 'running' }], total: 1 });
  const { told, send } = follow(runId);
  send(events.slice(0, 20));
  send([]);
  for (let k = 0; k < 10; k += 1) await Promise.resolve();
  assert.equal(told[told.length - 1].state, 'running');
  t.mock.timers.tick(1000);
  assert.deepEqual(watches.get(runId)?.map(({ afterSeq }) => afterSeq), [null, 19]);
  watches.get(runId)?.[1].send(events.slice(20));
  assert.equal(told[told.length - 1].state, 'partial');
});

test('a run that cannot be read any longer says why', async () => {
  const { runId, events } = own(golden('partial'));
  commands.list_runs = () => Promise.reject({ code: 'history', message: 'the history cannot be read' });
  const { told, send } = follow(runId);
  send(events.slice(0, 20));
  send([]);
  await settled();
  const last = told[told.length - 1];
  assert.deepEqual([last.state, last.failure], ['failed', { code: 'unreadable', message: 'the history cannot be read' }]);
  // Whoever opens it once more reads it once more.
  assert.ok(!isFollowed(runId));
  const again = follow(runId);
  assert.equal(again.told[0].state, 'running');
  again.send(events);
  assert.equal(knownRun(runId)?.state, 'partial');
  assert.ok(isFollowed(runId));
});

test('a draft is kept by run', () => {
  keepDraft('one', 'half a ques');
  assert.equal(draftOf('one'), 'half a ques');
  assert.equal(draftOf('two'), '');
  keepDraft('one', '');
  assert.equal(draftOf('one'), '');
});

test('a follow-up is asked when its run ends, whoever looks', () => {
  const due = [];
  const stop = onFollowUpDue((one) => due.push(one));
  const { runId, events } = own(golden('three tasks'), { startedAt: new Date().toISOString() });
  let stopLooking = () => {};
  stopLooking = followRun(runId, () => {});
  const [{ send }] = /** @type {any} */ (watches.get(runId));
  send(events.slice(0, 4));
  queue(runId, 'And then?');
  stopLooking();
  assert.equal(queuedOf(runId), 'And then?');
  send(events.slice(4));
  assert.deepEqual(due, [{ runId, question: 'And then?' }]);
  assert.equal(queuedOf(runId), null);
  send([]);
  assert.equal(due.length, 1);
  stop();
});

test('a follow-up of a run without an answer is a draft again', () => {
  const { runId, events } = own(golden('cancelled while planning'), { startedAt: new Date().toISOString() });
  const { send } = follow(runId);
  send(events.slice(0, 2));
  queue(runId, 'And then?');
  send(events.slice(2));
  assert.deepEqual([queuedOf(runId), draftOf(runId)], [null, 'And then?']);
  queue(runId, 'Or else?');
  takeBack(runId);
  assert.deepEqual([queuedOf(runId), draftOf(runId)], [null, 'Or else?']);
});

test('pages of the history do not overlap when runs come meanwhile', async () => {
  let all = Array.from({ length: 130 }, (_, k) => ({ id: `old-${k}`, question: `${k}?`, state: 'finished' }));
  commands.list_runs = ({ limit, offset }) => ({ runs: structuredClone(all.slice(offset, offset + limit)), total: all.length });
  await searchHistory('');
  assert.equal(history().rows.length, 60);
  all = [{ id: 'new', question: 'new?', state: 'running' }, ...all];
  await moreHistory();
  const ids = history().rows.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  assert.deepEqual(ids, all.slice(0, 120).map(({ id }) => id));
});

test('a row that is as it was stays the same', () => {
  const before = [{ id: 'a', state: 'running' }, { id: 'b', state: 'finished' }];
  const now = structuredClone(before);
  assert.equal(merged(before, now), before);
  now[0].state = 'finished';
  const rows = merged(before, now);
  assert.deepEqual([rows[0] === before[0], rows[1] === before[1]], [false, true]);
});

test('what follows a run up, directly or not', () => {
  const row = (id, continues) => ({ id, continues });
  const thread = [row('e', 'b'), row('d', 'c'), row('c', 'a'), row('b', 'a'), row('a', null)];
  const ids = (runId) => laterTurns(thread, runId).map(({ id }) => id);
  assert.deepEqual(ids('a'), ['b', 'c', 'd', 'e']);
  assert.deepEqual(ids('c'), ['d']);
  assert.deepEqual(ids('e'), []);
});

test('what cannot be drawn does not stop what can', (t) => {
  const reported = [];
  globalThis.reportError = (error) => reported.push(error.message);
  const drawn = [];
  const stops = [
    eachFrame(() => {
      throw new Error('broken');
    }),
    eachFrame(() => drawn.push('bar')),
  ];
  t.after(() => stops.forEach((stop) => stop()));
  for (let k = 0; k < 3; k += 1) frames.splice(0).forEach((draw) => draw());
  assert.deepEqual(drawn, ['bar', 'bar', 'bar']);
  assert.deepEqual(reported, ['broken', 'broken', 'broken']);
});

test('whoever is told of every run is told of each change once', () => {
  const { runId, events } = own(golden('three tasks'), { startedAt: new Date().toISOString() });
  const seqs = [];
  const stop = onAnyRun((run) => run.runId === runId && seqs.push(run.lastSeq));
  const { send } = follow(runId);
  send(events.slice(0, 3));
  send(events.slice(0, 3));
  send(events.slice(3, 5));
  stop();
  assert.deepEqual([...new Set(seqs)], [2, 4]);
});
