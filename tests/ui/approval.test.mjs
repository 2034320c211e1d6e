// What a person is asked before calls may run, and what an answer means.

import assert from 'node:assert/strict';
import test from 'node:test';

import { alwaysOf, decision, effects, reason, sendsFrom, startsTicked, title, untrusted, verbs } from '../../ui/approval/approval.js';
import { pieces, visible } from '../../ui/lib/visible.js';

const call = (index, server, tool, known) => ({ index, server, tool, asked: { reason: 'why', tool: known === null ? null : { index, readOnly: false, destructive: false, definition: `d-${tool}`, ...known } } });
const write = call(0, 'notes', 'write', { effects: ['changes'] });
const again = call(1, 'notes', 'write', { effects: ['changes'] });
const remove = call(2, 'notes', 'remove', { effects: ['destroys'], destructive: true });
const fetch = call(3, 'web', 'fetch', { effects: ['sends'], sendsFrom: ['notes'], readOnly: true });
const post = call(4, 'web', 'post', { effects: ['changes', 'sends'], sendsFrom: ['notes', 'files'] });
const look = call(5, 'mail', 'search', { effects: ['untrusted'], readOnly: true });
const strange = call(6, 'notes', 'write', null);
const all = [write, remove, fetch, post, look, strange];

test('a call that may destroy or sends results on starts unticked, and so does one of which nothing is known', () => {
  assert.deepEqual(all.map(startsTicked), [true, false, false, false, true, false]);
  assert.deepEqual(effects(strange), ['unknown']);
});

test('a run of an earlier version is asked about as it was', () => {
  const old = [call(0, 'a', 'x', { readOnly: true }), call(0, 'a', 'x', { destructive: true }), call(0, 'a', 'x', {})];
  assert.deepEqual(old.map(effects), [['sends'], ['destroys'], ['changes']]);
  assert.deepEqual(sendsFrom(old[0]), []);
});

test('the title says what the calls do, all of it', () => {
  const said = (...calls) => title(calls);
  assert.equal(said(write), 'Allow 1 call that changes something?');
  assert.equal(said(remove), 'Allow 1 call that may destroy something?');
  assert.equal(said(post), 'Allow 1 call that changes something and sends results on?');
  assert.equal(said(fetch, { ...fetch, index: 9 }), 'Allow 2 calls that send results on?');
  assert.equal(said(write, remove), 'Allow 2 calls that change something?');
  assert.equal(said(fetch, write), 'Allow 2 calls that change something or send results on?');
  assert.equal(said(look), 'Trust mail and allow 1 call?');
  assert.equal(said(look, { ...look, server: 'web' }), 'Trust 2 servers and allow 2 calls?');
  assert.match(said(strange), /may do anything/);
});

test('every reason is named, and none that is not there', () => {
  assert.equal(reason([remove]), 'Asked because this tool is not marked as read-only');
  assert.equal(reason([fetch]), 'Asked because results would leave the servers they came from');
  assert.equal(reason([post]), 'Asked because this tool is not marked as read-only and results would leave the servers they came from');
  assert.equal(reason([look]), 'Asked because mail is not trusted yet');
  assert.deepEqual(untrusted([look, { ...look, index: 7 }, write]), ['mail']);
});

test('one call has two verbs, and no button ever runs nothing', () => {
  assert.deepEqual(verbs([remove], 1, false), { allow: 'Allow once', deny: 'Deny', can: true });
  assert.equal(verbs([write], 1, true).allow, 'Always allow');
  assert.equal(verbs([look], 1, false).allow, 'Trust and allow');
  assert.deepEqual(verbs([write, remove], 1, false), { allow: 'Run 1 call', deny: 'Skip all 2', can: true });
  const none = verbs([remove, fetch], 0, false);
  assert.equal(none.can, false);
  assert.doesNotMatch(none.allow, /none/);
});

test('always is offered where it would do something, and holds only for calls that are to run', () => {
  assert.deepEqual(all.map((one) => alwaysOf(one)?.tool ?? null), ['write', 'remove', null, null, null, null]);
  const decided = decision([write, again, remove, fetch], (one) => one !== remove, () => true);
  assert.deepEqual(decided, { approved: [0, 1, 3], denied: [2], always: [{ server: 'notes', tool: 'write', definition: 'd-write' }] });
  assert.deepEqual(decision([write], () => true, () => false).always, []);
});

test('what is not seen is made visible', () => {
  assert.equal(visible('read\u202Eelif_eteled'), 'read[U+202E]elif_eteled');
  assert.equal(visible('a\u200Bb\u2066c\uFEFF\u00ADd\u{E0041}'), 'a[U+200B]b[U+2066]c[U+FEFF][U+00AD]d[U+E0041]');
  assert.equal(visible('tab\there\u0085'), 'tab[U+0009]here[U+0085]');
  for (const plain of ['Grüße, 東京 – ok', 'עברית', '😀', '']) assert.equal(visible(plain), plain);
  assert.deepEqual(pieces('\u202Ea'), [{ text: 'U+202E', code: true }, { text: 'a', code: false }]);
});
