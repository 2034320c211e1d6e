// Runs that earlier versions of Trawl kept, through `reduce`: a reopened run shows how it ended.
// `tests/integration/history/old.rs` sees to it that today's history still gives these very events.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import test from 'node:test';
import { gunzipSync } from 'node:zlib';

import { emptyRun, interrupted, reduceAll } from '../../ui/run/live/reduce.js';
import { counts, isEnded, steps, summary } from '../../ui/run/run-facts.js';

const folder = new URL('../fixtures/histories/', import.meta.url);
const versions = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
assert.ok(versions.length > 0);

for (const { name } of versions) {
  const packed = readFileSync(new URL(`${name}/printed.json.gz`, folder));
  for (const printed of JSON.parse(gunzipSync(packed).toString()).runs) {
    const { shown, record } = { shown: JSON.parse(printed.shown), record: JSON.parse(printed.record) };
    test(`${name}: “${shown.question}” is reopened as ${shown.state}`, () => {
      const { events } = record;
      const told = reduceAll(Object.freeze(emptyRun(shown.id)), events);
      const run = shown.state === 'interrupted' ? interrupted(told) : told;
      assert.equal(run.state, shown.state);
      assert.equal(run.question, shown.question);
      assert.equal(run.continues, shown.continues);
      assert.equal(run.startedAt, shown.startedAt);
      assert.equal(run.lastSeq, events.at(-1).seq);
      if (shown.answer !== null) assert.equal(run.answer, shown.answer);
      assert.equal(run.failure?.code ?? null, shown.failure?.code ?? null);
      assert.equal(run.tasks.length, shown.tasks.length);
      run.tasks.forEach((task, index) => {
        const { tool, server, status, error } = shown.tasks[index];
        assert.deepEqual([task.tool, task.server], [tool, server]);
        if (status !== null) assert.equal(task.status, status);
        if (error !== null) assert.equal(task.error.code, error.code);
        assert.ok(isEnded(task.status), `task ${index} is ${task.status}`);
      });
      // What a person declined counted as failed then; now it is told apart.
      assert.equal(counts(run).failed + counts(run).declined, shown.failedCount);
      assert.ok(steps(run).length > 0);
      if (run.tasks.length > 0) assert.ok(summary(run));
    });
  }
}
