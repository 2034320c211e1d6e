// Every golden stream through `reduce`: what the window shows must follow from the events alone.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

import { emptyRun, interrupted, reduce, reduceAll } from '../../ui/run/live/reduce.js';
import { canStop, counts, firstPlanned, isEnded, isUnsourced, needsApproval, steps, summary } from '../../ui/run/run-facts.js';
import { askedMs } from '../../ui/run/asked-time.js';
import { argumentLine, look, lookIcon, note, time } from '../../ui/run/timeline/task-note.js';
import { pieces, place } from '../../ui/run/timeline/bars.js';

const streams = JSON.parse(readFileSync(new URL('../fixtures/events.json', import.meta.url), 'utf8'));
const ends = { finished: ['finished', 'partial'], failed: ['failed', 'declined'], cancelled: ['cancelled'] };

for (const { name, events } of streams) {
  const whole = events.reduce(reduce, emptyRun(events[0].runId));

  test(`${name}: ends as its last event says`, () => {
    const last = events[events.length - 1];
    assert.ok(ends[last.type].includes(whole.state), whole.state);
    assert.equal(whole.question, events[0].question);
    assert.equal(whole.lastSeq, last.seq);
    if (last.type === 'finished') assert.equal(whole.answer, last.answer);
    if (last.type === 'failed') assert.equal(whole.failure.code, last.code);
  });

  test(`${name}: tasks stand in plan order and have ended`, () => {
    whole.tasks.forEach((task, index) => {
      assert.equal(task.index, index);
      assert.ok(isEnded(task.status), `task ${index} is ${task.status}`);
      assert.ok(task.spans.every((span) => span.to !== null && span.to >= span.from));
    });
    const finished = events.find((event) => event.type === 'tasksFinished');
    if (finished) {
      const { completed, failed, declined, skipped, cancelled } = counts(whole);
      assert.deepEqual({ completed, failed: failed + declined, skipped, cancelled }, { completed: finished.completed, failed: finished.failed, skipped: finished.skipped, cancelled: finished.cancelled });
    }
  });

  test(`${name}: a replay over what is known changes nothing`, () => {
    assert.deepEqual(events.reduce(reduce, whole), whole);
    const half = events.slice(0, Math.ceil(events.length / 2)).reduce(reduce, emptyRun(events[0].runId));
    assert.deepEqual(events.reduce(reduce, half), whole);
  });

  test(`${name}: several events at once are as one after the other`, () => {
    for (const size of [2, 7, events.length]) {
      let run = Object.freeze(emptyRun(events[0].runId));
      for (let from = 0; from < events.length; from += size) {
        const before = structuredClone(run);
        const after = reduceAll(run, events.slice(from, from + size));
        assert.deepEqual(run, before);
        run = after;
      }
      assert.deepEqual(run, whole);
    }
  });

  test(`${name}: no task is missing in the list, at any moment`, () => {
    let run = emptyRun(events[0].runId);
    for (const event of events) {
      run = reduce(run, event);
      for (let index = 0; index < run.tasks.length; index += 1) assert.equal(run.tasks[index]?.index, index);
    }
  });

  test(`${name}: reduce leaves what it was given as it was`, () => {
    let run = Object.freeze(emptyRun(events[0].runId));
    for (const event of events) {
      const before = structuredClone(run);
      const after = reduce(run, event);
      assert.deepEqual(run, before);
      run = after;
    }
  });

  test(`${name}: every moment can be drawn`, () => {
    let run = emptyRun(events[0].runId);
    for (const event of events) {
      run = reduce(run, event);
      for (const view of [run, interrupted(run)]) {
        assert.equal(steps(view, view.nowMs).length, 4);
        summary(view);
        for (const task of view.tasks) {
          assert.ok(lookIcon[look(task)], look(task));
          assert.equal(typeof note(task, { tasks: view.tasks }).text, 'string');
          assert.ok(time(task, view.nowMs).length > 0);
          assert.ok(argumentLine(task.arguments).length > 0);
          for (const piece of pieces(task, view.nowMs)) {
            const { x, width } = place(piece, 0.5);
            assert.ok(Number.isFinite(x) && x >= 0 && width >= 0, JSON.stringify(piece));
          }
        }
      }
    }
  });
}

test('a run whose only call was declined did not fail, nor did the call', () => {
  const { events } = streams.find(({ name }) => name.startsWith('declined'));
  const run = reduceAll(emptyRun('r'), events);
  assert.equal(run.state, 'declined');
  assert.equal(look(run.tasks[0]), 'declined');
  assert.deepEqual(note(run.tasks[0], { tasks: run.tasks }), { text: 'You declined', tone: '' });
  assert.equal(summary(run).counts, '0 completed, 1 declined');
  assert.ok(steps(run, run.nowMs).every(({ state }) => state !== 'failed'));
  assert.equal(pieces(run.tasks[0], run.nowMs)[0].kind, 'unstarted');
  assert.ok(run.tasks[0].log.every(({ level }) => level !== 'error'));
});

test('an unknown event is no reason to stop', () => {
  const run = reduce(emptyRun('r'), { runId: 'r', seq: 0, atMs: 1, type: 'somethingNew' });
  assert.equal(run.lastSeq, 0);
});

test('a run whose program ended keeps what it had', () => {
  const { events } = streams.find(({ name }) => name.startsWith('partial'));
  const cut = events.findIndex((event) => event.type === 'taskFinished') + 1;
  const run = interrupted(events.slice(0, cut).reduce(reduce, emptyRun('r')));
  assert.equal(run.state, 'interrupted');
  assert.equal(counts(run).completed, 1);
  assert.ok(run.tasks.some((task) => task.status === 'interrupted'));
});

test('approval is open until it is resolved', () => {
  const { events } = streams.find(({ name }) => name.startsWith('approval'));
  let run = emptyRun('r');
  const open = [];
  for (const event of events) {
    run = reduce(run, event);
    open.push(run.approval.open.length);
  }
  assert.equal(Math.max(...open), 3);
  assert.equal(open[open.length - 1], 0);
});

/** The golden stream so far, up to the first event that is meant. */
const until = (name, isMeant) => {
  const { events } = streams.find((stream) => stream.name.startsWith(name));
  const upTo = events.slice(0, events.findIndex(isMeant) + 1);
  assert.ok(upTo.length > 0);
  return reduceAll(emptyRun(events[0].runId), upTo);
};

test('a task that is planned again keeps its place meanwhile', () => {
  const run = until('a plan repaired', ({ type, index }) => type === 'taskPlanned' && index === 4);
  assert.deepEqual(run.tasks.map((task) => task.missing), [true, false, true, true, false]);
  assert.deepEqual(run.tasks.map(canStop), [false, true, false, false, true]);
  assert.equal(counts(run).open, 5);
  assert.equal(firstPlanned(run), 700);
  assert.equal(note(run.tasks[0], { tasks: run.tasks }).text, 'Its first version did not fit its tool');
  const later = until('a plan repaired', ({ type }) => type === 'planned');
  assert.ok(later.tasks.every((task) => !task.missing));
  assert.equal(later.tasks[0].tool, 'search_notes');
  assert.equal(firstPlanned(later), 700);
});

test('a run that ends before a task was planned again says so', () => {
  const run = until('a plan repaired', ({ type, index }) => type === 'taskPlanned' && index === 4);
  const cancelled = reduce(run, { runId: run.runId, seq: run.lastSeq + 1, atMs: 990, type: 'cancelled' });
  const [first] = cancelled.tasks;
  assert.deepEqual([first.status, first.endedMs, look(first)], ['cancelled', 990, 'unstarted']);
  assert.equal(note(first, { tasks: cancelled.tasks }).text, 'Never planned');
  assert.equal(interrupted(run).tasks[0].status, 'interrupted');
});

test('a call that waits for approval shows its real arguments and its tool', () => {
  const run = until('approval, with', ({ type }) => type === 'approvalRequested');
  assert.deepEqual(run.tasks[1].arguments, { query: 'height of the dike at Emden' });
  assert.equal(run.tasks[1].asked.tool.readOnly, true);
  assert.equal(run.tasks[2].asked.tool.changed, true);
  assert.equal(run.tasks[0].asked, null);
});

test('a second request leaves the reason of the first one', () => {
  const asked = (seq, index, reason) => ({ runId: 'r', seq, atMs: seq, type: 'approvalRequested', indexes: [index], reason });
  const planned = (seq, index) => ({ runId: 'r', seq, atMs: seq, type: 'taskPlanned', index, id: 't', server: 's', tool: 'x', arguments: {}, dependsOn: [] });
  const run = reduceAll(emptyRun('r'), [planned(0, 0), planned(1, 1), asked(2, 0, 'one'), asked(3, 1, 'two')]);
  assert.deepEqual(run.tasks.map((task) => task.asked.reason), ['one', 'two']);
  assert.deepEqual(run.approval.open, [0, 1]);
});

test('what the calls took and what the model did not read is kept', () => {
  const { events } = streams.find(({ name }) => name.startsWith('partial'));
  const run = reduceAll(emptyRun('r'), events);
  assert.equal(run.plan.usage.tokensPerSecond, 98.5);
  assert.equal(run.result.writing.firstTokenMs, 449);
  assert.equal(run.result.usage.cost, 0.0121);
  assert.deepEqual(run.result.cuts[0], { index: 0, read: 2, of: 3, unit: 'items' });
});

test('a long log keeps what is not progress, and the newest progress', () => {
  const planned = { runId: 'r', seq: 0, atMs: 0, type: 'taskPlanned', index: 0, id: 't', server: 's', tool: 'x', arguments: {}, dependsOn: [] };
  const progress = Array.from({ length: 6000 }, (_, k) => ({ runId: 'r', seq: k + 2, atMs: k, type: 'taskProgress', index: 0, progress: k, total: 6000 }));
  const run = reduceAll(emptyRun('r'), [planned, { runId: 'r', seq: 1, atMs: 0, type: 'taskStarted', index: 0, attempt: 1 }, ...progress]);
  const [{ log, leftOut }] = run.tasks;
  assert.ok(log.length <= 240);
  assert.deepEqual(log.slice(0, 2).map(({ text }) => text), ['Planned', 'Called']);
  assert.equal(log[log.length - 1].text, '5,999 of 6,000');
  assert.equal(log.length + leftOut, 6002);
});

test('a run that only used earlier results names them instead of a time', () => {
  const { events } = streams.find(({ name }) => name.startsWith('a result used again'));
  assert.deepEqual(summary(reduceAll(emptyRun('r'), events)), { counts: '1 completed, 0 failed', rest: '1 result kept from an earlier run' });
});

test('an answer from results that cites none of them says so', () => {
  const planned = { runId: 'r', seq: 0, atMs: 1, type: 'taskPlanned', index: 0, id: 't1', server: 's', tool: 'find', arguments: {}, description: '', dependsOn: [], priority: 0 };
  const taskEnded = (status) => ({ runId: 'r', seq: 1, atMs: 2, type: 'taskFinished', index: 0, status, attempts: 1, elapsedMs: 1, resultBytes: 1 });
  const finished = (answer, citations) => ({ runId: 'r', seq: 2, atMs: 3, type: 'finished', answer, citations, notConsulted: [], partial: false, timings: {} });
  const unsourced = (...events) => isUnsourced(reduceAll(emptyRun('r'), events));
  assert.equal(unsourced(planned, taskEnded('completed'), finished('Five.', [])), true);
  assert.equal(unsourced(planned, taskEnded('completed'), finished('Five [1].', [{ marker: '1', index: 0 }])), false);
  assert.equal(unsourced(planned, taskEnded('failed'), finished('Nothing.', [])), false);
  assert.equal(unsourced(finished('Hello.', [])), false);
  assert.equal(unsourced(planned, taskEnded('completed')), false);
});

/** A run of these events, with what every event has. @param {any[]} events */
const ran = (events) => reduceAll(emptyRun('r'), [{ type: 'started', question: 'q', startedAt: '2026-01-01T00:00:00Z' }, ...events].map((event, seq) => ({ runId: 'r', seq, atMs: 0, ...event })));
const planned = (index, atMs = 1) => ({ type: 'taskPlanned', atMs, index, id: `t${index}`, server: 's', tool: 'x', arguments: {}, description: '', dependsOn: [], priority: 0 });
const began = (index, atMs) => ({ type: 'taskStarted', atMs, index, attempt: 1 });
const done = (index, atMs, elapsedMs) => ({ type: 'taskFinished', atMs, index, status: 'completed', elapsedMs, attempts: 1, resultBytes: 1, preview: '' });
const all = (wallMs, sequentialMs, completed, atMs) => ({ type: 'tasksFinished', atMs, completed, failed: 0, skipped: 0, cancelled: 0, wallMs, sequentialMs });

test('a gain that nobody notices is not told', () => {
  const rest = (wallMs, sequentialMs) => summary(ran([planned(0), planned(1), began(0, 2), began(1, 2), done(0, 3, 1), done(1, 4, 2), all(wallMs, sequentialMs, 2, 4)])).rest;
  assert.equal(rest(1, 3), '1 ms');
  assert.equal(rest(100, 199), '0.10 s');
  assert.equal(rest(100, 300), '0.10 s instead of 0.30 s · 3.0× faster');
});

test('the wait for a person is not the run’s time', () => {
  const asked = [
    { type: 'planStarted', planner: 'builtin' },
    planned(0),
    planned(1),
    { type: 'planned', atMs: 2, taskCount: 2, elapsedMs: 1 },
    began(0, 10),
    { type: 'taskWaiting', atMs: 10, index: 1, reason: 'approval' },
    { type: 'approvalRequested', atMs: 10, indexes: [1], reason: 'changes something', tools: [] },
    done(0, 310, 300),
  ];
  const waits = ran(asked);
  // From 310 ms on nothing but the person is waited for.
  assert.equal(askedMs(waits, 310), 0);
  assert.equal(askedMs(waits, 13_310), 13_000);
  assert.equal(steps(waits, 13_310)[2].time, '0.3 s');
  const ended = ran([...asked, began(1, 13_310), done(1, 13_610, 300), all(13_600, 600, 2, 13_610)]);
  assert.equal(askedMs(ended, ended.nowMs), 13_000);
  assert.equal(summary(ended).rest, '0.60 s · 13.0 s waiting for approval');
  assert.equal(steps(ended, ended.nowMs)[2].time, '0.60 s');
  assert.equal(askedMs(ran([planned(0)]), 500), 0);
});

test('one call needs approval, two need it', () => {
  assert.equal(needsApproval(1), '1 call needs approval');
  assert.equal(needsApproval(2), '2 calls need approval');
});

test('what was left out of a plan is named; older plans name nothing', () => {
  const plan = (extra) => ran([{ type: 'planned', taskCount: 0, elapsedMs: 1, ...extra }]).plan;
  assert.deepEqual(plan({ note: '1 of 9 tools did not fit', leftOut: ['a__b'] }).leftOut, ['a__b']);
  assert.deepEqual(plan({}).leftOut, []);
});

test('an interrupted task says no time: nobody saw its end', () => {
  const task = interrupted(ran([planned(0), began(0, 2)])).tasks[0];
  assert.equal(note(task, { tasks: [] }).text, 'Interrupted, no result');
  assert.equal(time(task, 0), '–');
});
