// What a person is asked before calls may run, and what an answer means.

import assert from 'node:assert/strict';
import test from 'node:test';

import { alwaysOf, decision, effect, reason, sendsWhat, startsTicked, title } from '../../ui/state/approval.js';

const writes = 'the tool write of server "notes" is not marked as read-only';
const carries = 'results of server "notes" would go to the tool fetch of server "web", which reaches out into the world';
const task = (index, tool, asked) => ({ index, server: tool === 'fetch' ? 'web' : 'notes', tool, asked });
const known = (index, extra) => ({ index, readOnly: false, destructive: false, definition: 'd1', ...extra });
const write = task(0, 'write', { reason: `${writes}; ${carries}`, tool: known(0, {}) });
const again = task(1, 'write', { reason: writes, tool: known(1, {}) });
const remove = task(2, 'remove', { reason: writes, tool: known(2, { destructive: true, definition: 'd2' }) });
const fetch = task(3, 'fetch', { reason: `${writes}; ${carries}`, tool: known(3, { readOnly: true }) });
const strange = task(4, 'write', { reason: writes, tool: null });

test('a call of which nothing is known counts as destructive', () => {
  assert.deepEqual([write, remove, fetch, strange].map(effect), ['changes', 'destroys', 'sends', 'unknown']);
  assert.deepEqual([write, remove, fetch, strange].map(startsTicked), [true, false, true, false]);
});

test('the title says what the calls do', () => {
  assert.equal(title([write]), 'Allow 1 call that changes something?');
  assert.equal(title([write, remove, strange]), 'Allow 3 calls that change something?');
  assert.equal(title([fetch]), 'Allow 1 call that sends results on?');
  assert.equal(title([fetch, { ...fetch, index: 9 }]), 'Allow 2 calls that send results on?');
  assert.doesNotMatch(title([fetch]), /change/);
  assert.match(title([fetch, write]), /change something or send results on/);
});

test('one reason stands in its own words, several in ours', () => {
  assert.equal(reason([again, remove]), writes);
  assert.match(reason([write, again]), /not marked as read-only/);
  assert.match(reason([fetch, remove]), /or results would leave/);
  assert.equal(sendsWhat(fetch), carries);
  assert.equal(sendsWhat(write), null);
});

test('always is for tools that change something, and only for calls that are to run', () => {
  assert.deepEqual(alwaysOf(write), { server: 'notes', tool: 'write', definition: 'd1' });
  assert.equal(alwaysOf(fetch), null);
  assert.equal(alwaysOf(strange), null);
  const decided = decision([write, again, remove, fetch], (one) => one !== remove, () => true);
  assert.deepEqual(decided, { approved: [0, 1, 3], denied: [2], always: [{ server: 'notes', tool: 'write', definition: 'd1' }] });
  assert.deepEqual(decision([write], () => true, () => false).always, []);
});
