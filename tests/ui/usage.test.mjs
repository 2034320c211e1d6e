import assert from 'node:assert/strict';
import test from 'node:test';

import { calls, money, part, tokens, total } from '../../ui/run/usage.js';

const planning = { inputTokens: 2410, outputTokens: 388, calls: 1, firstTokenMs: 540, tokensPerSecond: 98.5, cost: 0.0043 };
const writing = { inputTokens: 6710, outputTokens: 43, calls: 2, estimated: true };

test('a line a call, with what was counted', () => {
  const run = { plan: { usage: planning }, result: { usage: null, writing } };
  const [plan, write] = calls(run);
  assert.deepEqual([plan.name, ...plan.cells], ['Planning', '2,410 in', '388 out', '99 tokens/s', 'first token 0.54 s', 'cost 0.0043']);
  assert.deepEqual([write.name, ...write.cells], ['Writing, 2 calls', '≈ 6,710 in', '≈ 43 out', '', '', '']);
  assert.deepEqual([plan.estimated, write.estimated], [false, true]);
  assert.deepEqual(calls({ plan: null, result: null }), []);
});

test('a run that was cancelled still says what its plan took', () => {
  assert.equal(total({ plan: { usage: planning }, result: null }), planning);
  assert.equal(total({ plan: { usage: null }, result: { usage: writing } }), writing);
  assert.equal(total({ plan: null, result: null }), null);
  assert.equal(tokens(writing), '≈ 6,710 tokens in, 43 out');
});

test('a sum has two digits that say something', () => {
  assert.deepEqual([0, 0.0043, 0.0121, 0.5, 1, 12.345].map(money), ['0', '0.0043', '0.012', '0.50', '1.00', '12.35']);
  assert.equal(money(0.00000012), '0.00000012');
});

test('a part of a result is named in the unit of the whole', () => {
  assert.equal(part({ read: 12, of: 50, unit: 'items' }), '12 of 50 items');
  assert.equal(part({ read: 0, of: 1, unit: 'items' }), '0 of 1 item');
  assert.equal(part({ read: 96_000, of: 182_000, unit: 'bytes' }), '96 of 182 KB');
  assert.equal(part({ read: 400, of: 182_000, unit: 'bytes' }), '400 B of 182 KB');
});
