// Every golden stream through `reduce`: what the window shows must follow from the events alone.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

import { emptyRun, interrupted, reduce } from '../../ui/state/reduce.js';
import { counts, isEnded, steps, summary } from '../../ui/state/run-view.js';
import { argumentLine, look, lookIcon, note, time } from '../../ui/state/task-note.js';
import { pieces, place } from '../../ui/timeline/bars.js';

const streams = JSON.parse(readFileSync(new URL('../fixtures/events.json', import.meta.url), 'utf8'));
const ends = { finished: ['finished', 'partial'], failed: ['failed'], cancelled: ['cancelled'] };

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
      const { completed, failed, skipped, cancelled } = counts(whole);
      assert.deepEqual({ completed, failed, skipped, cancelled }, { completed: finished.completed, failed: finished.failed, skipped: finished.skipped, cancelled: finished.cancelled });
    }
  });

  test(`${name}: a replay over what is known changes nothing`, () => {
    assert.deepEqual(events.reduce(reduce, whole), whole);
    const half = events.slice(0, Math.ceil(events.length / 2)).reduce(reduce, emptyRun(events[0].runId));
    assert.deepEqual(events.reduce(reduce, half), whole);
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
