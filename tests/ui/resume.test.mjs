// A page that is loaded again: what was written is there, what was queued is asked, live runs are
// followed.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

const streams = JSON.parse(readFileSync(new URL('../fixtures/events.json', import.meta.url), 'utf8'));
const { events } = streams.find((stream) => stream.name.startsWith('three tasks'));
const { runId } = events[0];

/** @type {Map<string, (events: any[]) => void>} */
const watched = new Map();
const invoke = async (command, given) => {
  if (command === 'list_runs') return { runs: [{ id: 'live', state: 'running' }, { id: 'old', state: 'finished' }], total: 2 };
  watched.set(given.runId, (batch) => given.channel.onmessage(batch));
  return null;
};
class Channel {
  onmessage = () => {};
}
const kept = new Map();
Object.assign(globalThis, {
  window: { __TAURI__: { core: { Channel, invoke } } },
  sessionStorage: { getItem: (key) => kept.get(key) ?? null, setItem: (key, text) => kept.set(key, text) },
});

// The page before.
const before = await import('../../ui/ask/follow-ups.js');
before.keepDraft('', 'half a quest');
before.keepDraft('other', 'half an answer');
before.queue(runId, 'And then?');

// The page after: the same module anew.
const { draftOf, onFollowUpDue, queuedOf, runsWithQueued } = await import('../../ui/ask/follow-ups.js?again');

test('drafts and queued questions are there again', () => {
  assert.equal(draftOf(''), 'half a quest');
  assert.equal(draftOf('other'), 'half an answer');
  assert.equal(queuedOf(runId), 'And then?');
  assert.deepEqual(runsWithQueued(), [runId]);
});

test('runs that are live, or have something queued, are followed without being opened', async () => {
  const due = [];
  onFollowUpDue((one) => due.push(one));
  const { resume } = await import('../../ui/run/live/resume.js');
  await resume();
  assert.deepEqual([...watched.keys()].sort(), [runId, 'live'].sort());
  watched.get(runId)?.(events);
  assert.deepEqual(due, [{ runId, question: 'And then?' }]);
  assert.equal(queuedOf(runId), null);
});

test('a memory that cannot be read is empty', async () => {
  kept.set('trawl.follow-ups', '{broken');
  const { draftOf: draft } = await import('../../ui/ask/follow-ups.js?broken');
  assert.equal(draft(''), '');
});
