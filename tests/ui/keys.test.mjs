import assert from 'node:assert/strict';
import test from 'node:test';

import { commandKey, isCommand, isComposing } from '../../ui/lib/keys.js';

const keys = (...held) => ({ ctrlKey: held.includes('ctrl'), metaKey: held.includes('meta'), altKey: held.includes('alt') });

test('on a Mac commands are given with Cmd, and Ctrl edits text', () => {
  assert.ok(isCommand(keys('meta'), true));
  assert.ok(!isCommand(keys('ctrl'), true));
  assert.ok(!isCommand(keys('ctrl', 'meta'), true), 'Ctrl Cmd belongs to the system');
  assert.equal(commandKey('N', true), '⌘N');
});

test('elsewhere commands are given with Ctrl; the other key is the desktop’s', () => {
  assert.ok(isCommand(keys('ctrl'), false));
  assert.ok(!isCommand(keys('meta'), false));
  assert.ok(!isCommand(keys('ctrl', 'alt'), false), 'AltGr writes characters');
  assert.equal(commandKey('N', false), 'Ctrl N');
});

test('the Enter that ends a composition is not the one that asks', () => {
  assert.ok(isComposing({ isComposing: true, keyCode: 13 }));
  assert.ok(isComposing({ isComposing: false, keyCode: 229 }), 'as WebKit tells it');
  assert.ok(!isComposing({ isComposing: false, keyCode: 13 }));
});
