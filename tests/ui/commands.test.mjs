import assert from 'node:assert/strict';
import test from 'node:test';

import { commands, grouped, matching } from '../../ui/shell/commands.js';
import { emptyRun, reduce } from '../../ui/run/live/reduce.js';

const started = reduce(emptyRun('r'), { runId: 'r', seq: 0, atMs: 0, type: 'started', question: 'q', startedAt: '2026-01-01T00:00:00Z' });
const ended = reduce(started, { runId: 'r', seq: 1, atMs: 1, type: 'finished', answer: 'a', citations: [], notConsulted: [], partial: false, timings: {} });
const labels = (run) => commands({ run, servers: [] }).map(({ label }) => label);

test('a running run can be cancelled, an ended one asked again', () => {
  assert.ok(labels(started).includes('Cancel run'));
  assert.ok(!labels(started).includes('Copy the answer'));
  assert.ok(labels(ended).includes('Copy the answer'));
  assert.ok(!labels(ended).includes('Cancel run'));
  assert.ok(labels(null).includes('New question'));
});

test('every word must be there; what begins with the first one leads', () => {
  const all = commands({ run: ended, servers: [{ name: 'notes', kind: 'stdio', state: 'failed', message: 'uvx is not installed' }] });
  assert.equal(matching(all, 'again')[0].label, 'Again: everything anew');
  assert.deepEqual(matching(all, 'server not').map(({ label }) => label), ['Server notes']);
  assert.deepEqual(matching(all, 'nothing like this'), []);
  assert.equal(matching(all, '').length, all.length);
});

test('a theme is chosen by its name, without a way round by the settings', () => {
  const first = (words) => matching(commands({ run: ended, servers: [] }), words)[0].send;
  assert.deepEqual(first('dark'), ['choose-theme', { theme: 'dark' }]);
  assert.deepEqual(first('light'), ['choose-theme', { theme: 'light' }]);
  assert.deepEqual(first('system'), ['choose-theme', { theme: 'system' }]);
  assert.deepEqual(first('appearance'), ['open-settings', { section: 'appearance' }]);
});

test('groups keep their order', () => {
  assert.deepEqual(grouped(commands({ run: ended, servers: [] })).map(([group]) => group), ['This run', 'Trawl', 'Servers and settings']);
});
