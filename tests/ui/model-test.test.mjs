// A test of a model goes on, and keeps its outcome, until something else stands on the page.

import assert from 'node:assert/strict';
import test from 'node:test';

import { answered, begun, isSameServer, standing, untested } from '../../ui/settings/models/test-outcome.js';

const model = { provider: 'openai', baseUrl: 'http://127.0.0.1:8080/v1', model: 'scripted', apiKeyEnv: null };
const subject = (more = {}, key = {}) => ({ model: { ...model, ...more }, key: '', keyVersion: 0, ...key });
const works = { ok: true, message: 'one' };

test('a test under way outlives a save, a late change and a list that came', () => {
  const tested = subject();
  const trial = begun(tested);
  // The same again: the field of the address is left, the model is kept, its time-outs are filled in.
  for (const now of [subject(), subject({ baseUrl: `${model.baseUrl}/` }), subject({ apiKeyEnv: '' }), subject({ connectTimeoutSeconds: 5 })]) {
    assert.equal(standing(trial, now), trial);
  }
  assert.deepEqual(answered(standing(trial, subject()), tested, works), { subject: tested, outcome: works });
});

test('an outcome is void once another model, server or key stands there', () => {
  const trial = answered(begun(subject()), subject(), works);
  const others = [subject({ model: 'other' }), subject({ baseUrl: 'http://127.0.0.1:1/v1' }), subject({ provider: 'ollama' }), subject({ apiKeyEnv: 'A_KEY' }), subject({}, { keyVersion: 1 })];
  for (const now of others) assert.equal(standing(trial, now), untested);
  assert.equal(standing(untested, subject()), untested);
});

test('keeping the key that was tested is no change of it', () => {
  const typed = subject({}, { key: 'sk-1', keyVersion: 3 });
  assert.notEqual(standing(begun(typed), subject({}, { key: '', keyVersion: 3 })), untested);
});

test('the answer to an earlier test is not told of a later one', () => {
  const [first, second] = [subject(), subject({ model: 'other' })];
  const trial = begun(second);
  assert.equal(answered(trial, first, works), trial);
  assert.equal(answered(untested, first, works), untested);
});

test('leaving a field asks no server again that Enter has asked', () => {
  assert.ok(isSameServer(model, { ...model, model: 'other' }));
  assert.ok(!isSameServer(model, { ...model, baseUrl: null }));
  assert.ok(!isSameServer({}, model));
});
