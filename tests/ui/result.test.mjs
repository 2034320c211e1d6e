import assert from 'node:assert/strict';
import test from 'node:test';

import { itemsOf, readResult } from '../../ui/evidence/items.js';
import { columns, itemText, itemTitle, wrapped } from '../../ui/evidence/result.js';
import { mistakes, toDraft, toEntry } from '../../ui/settings/servers/server-entry.js';
import { rules } from './rules.mjs';
import { cardsOf, presetOf } from '../../ui/settings/models/model-choice.js';

const read = (value) => readResult(JSON.stringify(value));

// The same rows as in core/src/synthesize/evidence.rs.
test('structured content goes before text', () => {
  const result = read({ content: [{ type: 'text', text: 'x' }], structuredContent: { total: 40, results: [{ id: 1 }, { id: 2 }] } });
  assert.equal(result.items.length, 2);
  assert.equal(result.path, '/results');
});

test('text that is JSON is read and other text is kept', () => {
  assert.equal(read({ content: [{ type: 'text', text: '[1, 2, 3]' }] }).items.length, 3);
  assert.equal(read({ content: [{ type: 'text', text: 'a' }, { type: 'text', text: 'b' }] }).data, 'a\nb');
  assert.equal(read({ content: [{ type: 'image', data: '…', mimeType: 'image/png' }] }).data, '[image]');
});

test('a list of objects goes before a list of words', () => {
  assert.deepEqual(read({ structuredContent: { words: ['a'], hits: [{ id: 1 }] } }).items, [{ id: 1 }]);
});

test('what some frameworks wrap is unwrapped', () => {
  assert.deepEqual(read({ structuredContent: { result: [1, 2] } }).items, [1, 2]);
  assert.deepEqual(read({ structuredContent: { result: '{"hits": [3]}' } }).items, [3]);
  assert.equal(read({ structuredContent: { result: 'words' } }).data, 'words');
});

test('what is no result is read too', () => {
  for (const odd of ['', 'null', '[]', '{', '"x"', '{"content": 3}']) readResult(odd);
  assert.equal(itemsOf(null), null);
});

test('keys are escaped in a path', () => {
  assert.equal(itemsOf({ 'a/b~c': [1] }).path, '/a~1b~0c');
});

test('a table shows the title first and a number last', () => {
  const items = [{ id: 1, title: 'A title', author: 'ann', tags: ['x'], score: 4, created_at: '2026-01-01T00:00:00Z', snippet: 'A long text that goes on and on for a while' }];
  assert.deepEqual(columns(items, 3).map(({ key }) => key), ['title', 'author', 'score']);
  assert.deepEqual(columns([1, 2], 3), []);
  assert.deepEqual(columns([], 3), []);
  assert.equal(itemTitle(items[0]), 'A title');
  assert.equal(itemText(items[0], 'A title'), items[0].snippet);
  assert.equal(itemTitle('plain'), 'plain');
});

test('a long line is cut where it can be, and nothing of it is left out', () => {
  assert.deepEqual(wrapped('one two three four', 10), ['one two ', 'three four']);
  assert.deepEqual(wrapped('short', 10), ['short']);
  assert.deepEqual(wrapped('', 10), ['']);
  assert.deepEqual(wrapped('0123456789abcdef', 10), ['0123456789', 'abcdef']);
  assert.deepEqual(wrapped('    0123456789', 10), ['    012345', '6789']);
  assert.equal(wrapped('x'.repeat(2_000_000), 50).length, 40_000);
  for (const line of ['🦀'.repeat(40), `${'word '.repeat(30)}${'x'.repeat(99)}`]) {
    for (const columns of [0, 9, 10, 11]) {
      const pieces = wrapped(line, columns);
      assert.equal(pieces.join(''), line);
      assert.ok(pieces.every((piece) => piece.length <= Math.max(8, columns) && piece.isWellFormed()), JSON.stringify(pieces));
    }
  }
});

test('arguments that a line cannot hold stand in it as JSON', () => {
  const entry = { command: 'sh', args: ['-c', 'set -e\nexec srv', '', '"quoted"', 'C:\\x', 'a "b"'] };
  const draft = toDraft('s', entry);
  assert.equal(draft.args, '-c\n"set -e\\nexec srv"\n""\n"\\"quoted\\""\nC:\\x\na "b"');
  assert.deepEqual(toEntry(draft, entry).args, entry.args);
  assert.deepEqual(toEntry({ ...draft, args: '"open\n\n"my folder"' }, entry).args, ['"open', 'my folder']);
});

test('an entry goes through its form unharmed', () => {
  const entry = { command: 'uvx', args: ['a', 'b c'], env: { KEY: 'x' }, retryTimeouts: true, timeoutSeconds: 30, custom: { keep: 1 } };
  assert.deepEqual(toEntry(toDraft('notes', entry), entry), entry);
  const remote = { url: 'https://example.com/mcp', headers: { A: 'b' }, readOnly: true };
  assert.deepEqual(toEntry(toDraft('r', remote), remote), remote);
  const changed = toEntry({ ...toDraft('notes', entry), kind: 'url', url: ' https://x.example/mcp ' }, entry);
  assert.equal(changed.command, undefined);
  assert.equal(changed.url, 'https://x.example/mcp');
  assert.deepEqual(changed.custom, { keep: 1 });
});

test('mistakes in a form are named by field', () => {
  const draft = { ...toDraft(null, null), timeout: '0', atOnce: '1.5', perSecond: 'x' };
  assert.deepEqual(Object.keys(mistakes(draft, [], rules.server)).sort(), ['atOnce', 'command', 'name', 'perSecond', 'timeout']);
  assert.deepEqual(Object.keys(mistakes({ ...toDraft('a', { command: 'x' }) }, ['a'], rules.server)), ['name']);
  assert.deepEqual(mistakes(toDraft('a', { url: 'ftp://x' }), [], rules.server), { url: 'An address begins with http:// or https://' });
  assert.deepEqual(mistakes(toDraft('a', { command: 'x' }), ['b'], rules.server), {});
});

test('the model page finds the card that the settings mean', () => {
  const presets = [
    { id: 'openai', name: 'OpenAI', provider: 'openai', baseUrl: 'https://api.openai.com/v1', needsKey: true },
    { id: 'lmstudio', name: 'LM Studio', provider: 'openai', baseUrl: 'http://127.0.0.1:1234/v1', needsKey: false },
    { id: 'other', name: 'Other', provider: 'openai', baseUrl: null, needsKey: true },
  ];
  assert.equal(presetOf({ provider: 'builtin' }, presets), 'builtin');
  assert.equal(presetOf({ provider: 'openai', baseUrl: null }, presets), 'openai');
  assert.equal(presetOf({ provider: 'openai', baseUrl: 'http://127.0.0.1:1234/v1/' }, presets), 'lmstudio');
  assert.equal(presetOf({ provider: 'openai', baseUrl: 'https://llm.example.org/v1' }, presets), 'other');
  assert.deepEqual(cardsOf(presets).map(({ note }) => note), ['No model, plain lists', 'api.openai.com', 'On this machine', 'Any base URL']);
});
