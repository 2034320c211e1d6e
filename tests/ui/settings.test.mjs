// What the settings' pages decide, without a page.

import assert from 'node:assert/strict';
import test from 'node:test';

import { contextSetting, limitSettings, priceSettings, timeOutSettings } from '../../ui/settings/limits.js';
import { contextWords, draftOf, emptyServers, keyWords, menuModels, offersOf, presetOf, testWords, typedModel } from '../../ui/settings/models/model-choice.js';
import { mistakeIn, numberOf, shownNumber } from '../../ui/settings/number-setting.js';
import { mistakes, toDraft, toEntry } from '../../ui/settings/servers/server-entry.js';
import { rules } from './rules.mjs';
import { toolRows } from '../../ui/settings/servers/tool-rows.js';

const presets = [
  { id: 'openai', name: 'OpenAI', provider: 'openai', baseUrl: 'https://api.openai.com/v1', apiKeyEnv: 'OPENAI_API_KEY', needsKey: true },
  { id: 'ollama', name: 'Ollama', provider: 'ollama', baseUrl: 'http://127.0.0.1:11434', apiKeyEnv: null, needsKey: false },
  { id: 'lmstudio', name: 'LM Studio', provider: 'openai', baseUrl: 'http://127.0.0.1:1234/v1', apiKeyEnv: null, needsKey: false },
  { id: 'other', name: 'Other', provider: 'openai', baseUrl: null, apiKeyEnv: null, needsKey: false },
];
const preset = (id) => presets.find((one) => one.id === id);

test('the settings find their card again', () => {
  const card = (model) => presetOf(model, presets);
  assert.equal(card({ provider: 'builtin' }), 'builtin');
  assert.equal(card({ provider: 'openai', baseUrl: 'https://api.openai.com/v1/' }), 'openai');
  assert.equal(card({ provider: 'openai', baseUrl: null }), 'openai');
  assert.equal(card({ provider: 'openai', baseUrl: 'http://127.0.0.1:1234/v1' }), 'lmstudio');
  assert.equal(card({ provider: 'openai', baseUrl: 'https://llm.example.org/v1' }), 'other');
});

test('a card that is chosen anew begins with its preset, the one in use with what is saved', () => {
  const saved = { provider: 'openai', baseUrl: 'https://llm.example.org/v1', model: 'qwen3-32b', apiKeyEnv: 'MY_KEY' };
  assert.deepEqual(draftOf(preset('other'), saved, presets), saved);
  assert.deepEqual(draftOf(preset('openai'), saved, presets), { provider: 'openai', baseUrl: 'https://api.openai.com/v1', model: '', apiKeyEnv: 'OPENAI_API_KEY' });
  assert.deepEqual(draftOf(preset('ollama'), saved, presets), { provider: 'ollama', baseUrl: 'http://127.0.0.1:11434', model: '', apiKeyEnv: '' });
  assert.equal(draftOf(undefined, saved, presets).provider, 'builtin');
  // Who took the variable out does not get it back.
  const without = { provider: 'openai', baseUrl: 'https://api.openai.com/v1', model: 'm' };
  assert.equal(draftOf(preset('openai'), without, presets).apiKeyEnv, '');
});

test('every model of every server that was found is offered', () => {
  const found = [
    { name: 'Ollama', provider: 'ollama', baseUrl: 'a', models: [{ name: 'b' }, { name: 'a' }] },
    { name: 'vLLM', provider: 'openai', baseUrl: 'b', models: [] },
    { name: 'LM Studio', provider: 'openai', baseUrl: 'c', models: [{ name: 'c', contextTokens: 8192 }] },
  ];
  assert.deepEqual(
    offersOf(found).map(({ server, model, context }) => [server, model, context]),
    [['Ollama', 'b', ''], ['Ollama', 'a', ''], ['LM Studio', 'c', '8k context']],
  );
  assert.deepEqual(emptyServers(found), ['vLLM']);
  assert.deepEqual(offersOf([]), []);
});

test('typed words name a model only where they are its whole name', () => {
  const models = [{ name: 'gemma-3-12b' }, { name: 'gemma-3' }, { name: 'Qwen/Qwen3-8B' }];
  const cases = [
    ['gemma-3', 'gemma-3', true],
    [' gemma-3-12b ', 'gemma-3-12b', true],
    ['qwen/qwen3-8b', 'Qwen/Qwen3-8B', true],
    // A part of one name, of several, and of none.
    ['gemma-3-1', 'gemma-3-1', false],
    ['gemma', 'gemma', false],
    ['llama', 'llama', false],
  ];
  for (const [typed, name, listed] of cases) assert.deepEqual(typedModel(typed, models), { name, listed }, typed);
  assert.deepEqual(typedModel('gemma', []), { name: 'gemma', listed: false });
});

test('a context is told in thousands', () => {
  const cases = [[131_072, '131k context'], [1_048_576, '1M context'], [1_500_000, '1.5M context'], [999_400, '999k context'], [999_600, '1M context'], [512, '512 context'], [0, ''], [null, ''], [undefined, '']];
  for (const [tokens, words] of cases) assert.equal(contextWords(tokens), words, String(tokens));
});

test('a key says where it really is', () => {
  const words = (source) => keyWords({ source, ends: null, problem: null });
  assert.equal(words({ kind: 'keychain' }), 'In keychain');
  assert.equal(words({ kind: 'environment', variable: 'A_KEY' }), 'From environment variable A_KEY');
  assert.equal(words({ kind: 'thisRun', reason: 'the keychain is locked' }), 'Kept until Trawl closes');
  assert.equal(words(null), '');
  assert.equal(keyWords(null), '');
});

test('a test is told in time and speed, or by the reason it failed', () => {
  assert.equal(testWords({ ok: true, firstTokenMs: 420.4, tokensPerSecond: 35.2 }), 'First token in 420 ms · 35 tokens a second');
  assert.equal(testWords({ ok: true, firstTokenMs: 2130, tokensPerSecond: null }), 'First token in 2.1 s');
  assert.equal(testWords({ ok: true, firstTokenMs: 0.2, tokensPerSecond: 0.3 }), 'First token in 1 ms · 1 token a second');
  assert.equal(testWords({ ok: true }), 'Works');
  const reasons = { wrong_key: 'Wrong key', wrong_address: 'Wrong URL', bad_address: 'Wrong URL', unknown_model: 'Model unknown', no_credit: 'No credit', unreachable: 'Unreachable', failed: 'Failed', something_new: 'Failed' };
  for (const [code, words] of Object.entries(reasons)) assert.equal(testWords({ ok: false, code }), words);
});

test('numbers are read as people type them', () => {
  const cases = [['96,000', 96_000], [' 96 000 ', 96_000], ['1,000,000', 1_000_000], ['0,5', 0.5], ['1,5', 1.5], ['1,234.5', 1234.5], ['0', 0], ['', null], ['  ', null]];
  for (const [typed, value] of cases) assert.equal(numberOf(typed), value, typed);
  for (const typed of ['many', '1,2,3', '--1', '5 s']) assert.ok(Number.isNaN(numberOf(typed)), typed);
  assert.deepEqual([96_000, 9_000, 1_000_000, 0.5, undefined, null, 'many'].map(shownNumber), ['96,000', '9000', '1,000,000', '0.5', '', '', 'many']);
});

test('a wrong number is told what it should be, and nothing typed is the default', () => {
  const setting = (key) => [...limitSettings, contextSetting, ...timeOutSettings, ...priceSettings].find((one) => one.key === key);
  const rule = (key) => rules[setting(key).section][key];
  const check = (key, typed, words) => assert.equal(mistakeIn(rule(key), typed), words, `${key} ${typed}`);
  for (const typed of ['0', '-1', '1.5', 'many', '1e999']) check('maxTasks', typed, 'A whole number of at least 1');
  for (const typed of ['0', '-5', 'NaN']) check('runTimeoutSeconds', typed, 'A number above 0');
  check('reuseSeconds', '-1', 'A number of at least 0');
  check('input', '-0.1', 'A number of at least 0');
  check('contextTokens', '0', 'A whole number of at least 1');
  for (const [key, typed] of [['maxTasks', '1'], ['runTimeoutSeconds', '0.5'], ['reuseSeconds', '0'], ['contextTokens', '96,000'], ['input', '0,15'], ['maxTasks', '']]) check(key, typed, '');
});

test('tools that are always allowed can be found, also when their server offers them no more', () => {
  const tool = (name, more) => ({ name, description: 'd', readOnly: false, destructive: false, ...more });
  const server = { name: 'files', kind: 'stdio', state: 'connected', tools: [tool('read', { readOnly: true }), tool('write', {}), tool('wipe', { destructive: true })] };
  const rows = toolRows(server, { write: 'sha256:1', move: 'sha256:2' });
  assert.deepEqual(rows.map(({ name, allowed, words }) => [name, allowed, words]), [['read', false, 'reads'], ['write', true, 'asks first'], ['wipe', false, 'destructive'], ['move', true, '']]);
  assert.equal(rows[3].description, 'Not offered now');
  assert.deepEqual(toolRows({ ...server, tools: undefined, state: 'failed' }, {}), []);
  // A tool may be called like something that every object has.
  assert.equal(toolRows({ ...server, tools: [tool('toString', {})] }, {})[0].allowed, false);
});

test('a server’s entry goes through its form unchanged', () => {
  const entries = [
    { command: 'npx', args: ['-y', 'x'], env: { A: '1' }, cwd: '/tmp', timeoutSeconds: 5, maxConcurrent: 2, mine: [1] },
    { url: 'https://example.com/mcp', headers: { Authorization: '${keychain:x}' }, requestsPerSecond: 0.5, readOnly: true },
    { builtin: 'stories', disabledTools: ['list_tags'] },
    { command: 'x', args: [], env: { TOKEN: { kept: 'TOKEN' }, MODE: 'fast' } },
    { command: 'x', args: ['a\nb', 'a\rb', 'a\r\nb', '"', ''], env: { PEM: '-----BEGIN-----\nabc\n-----END-----', CR: 'a\r\nb' } },
  ];
  for (const entry of entries) assert.deepEqual(toEntry(toDraft('a', entry), entry), entry);
  // A field makes one line end of every kind.
  assert.doesNotMatch(toDraft('a', entries[4]).args, /\r/);
  assert.deepEqual(mistakes({ ...toDraft('a', entries[0]), timeout: '0', atOnce: '1.5', command: ' ' }, ['a'], rules.server), { name: 'There is already a server “a”', command: 'Name the program to start', timeout: 'A number above 0', atOnce: 'A whole number of at least 1' });
});

test('a secret that the page does not have is kept, also under another name, until another is typed', () => {
  const draft = toDraft('a', { url: 'https://example.com/mcp', headers: { Authorization: { kept: 'Authorization' } } });
  const [pair] = draft.headers;
  assert.equal(pair.value, '');
  const saved = (headers) => toEntry({ ...draft, headers }, null).headers;
  assert.deepEqual(saved([{ ...pair, name: 'X-Key' }]), { 'X-Key': { kept: 'Authorization' } });
  assert.deepEqual(saved([{ ...pair, value: 'Bearer new' }]), { Authorization: 'Bearer new' });
  assert.deepEqual(saved([{ name: 'X-Key', value: '' }]), { 'X-Key': '' });
});

test('the menu of models has the one in use, those of its server, and those on this machine', () => {
  const saved = { provider: 'openai', baseUrl: 'https://llm.example.org/v1', model: 'b', apiKeyEnv: 'A_KEY' };
  const found = [{ name: 'Ollama', provider: 'ollama', baseUrl: 'http://127.0.0.1:11434', models: [{ name: 'a' }] }];
  const { own, local } = menuModels(saved, 'b', [{ name: 'a', contextTokens: 8192 }, { name: 'b' }], found);
  assert.deepEqual(own.map(({ label, note, checked }) => [label, note, checked]), [['b', '', true], ['a', '8k context', false]]);
  assert.deepEqual(own[1].model, { provider: 'openai', baseUrl: 'https://llm.example.org/v1', model: 'a' });
  assert.deepEqual(local.map(({ label, note, model }) => [label, note, model.provider]), [['a', 'Ollama', 'ollama']]);
  // One server is not offered twice, and without a model only what runs here is.
  const ollama = { provider: 'ollama', baseUrl: 'http://127.0.0.1:11434/', model: 'a' };
  assert.deepEqual(menuModels(ollama, 'a', [{ name: 'a' }], found).local, []);
  assert.deepEqual(menuModels({ provider: 'builtin' }, null, [], found).own, []);
  assert.equal(menuModels(undefined, null, [], found).local.length, 1);
  // A server may have hundreds.
  const many = Array.from({ length: 300 }, (_, n) => ({ name: `m${n}` }));
  assert.ok(menuModels(saved, 'm299', many, []).own.length <= 10);
  assert.ok(menuModels(saved, 'm299', many, []).own[0].checked);
});
