import assert from 'node:assert/strict';
import test from 'node:test';

import { noBlocks, rendered, toRender } from '../../ui/run/answer/answer-blocks.js';

/** Splits at blank lines, as the renderer does. */
function render(text) {
  return [...text.matchAll(/(?:[^\n]|\n(?!\n))+\n*/g)].map((match) => ({ html: match[0].trim(), end: match.index + match[0].length }));
}

function grow(pieces) {
  let blocks = noBlocks();
  let text = '';
  const sent = [];
  pieces.forEach((piece, k) => {
    text += piece;
    const next = toRender(blocks, text, k === pieces.length - 1);
    sent.push(next.rest);
    blocks = rendered(next.blocks, render(next.rest), k === pieces.length - 1);
  });
  return { blocks, sent };
}

test('finished blocks are rendered once, whatever the pieces', () => {
  const text = 'First block.\n\n- a\n- b\n\nThird **block** here.\n\nLast.';
  for (let size = 1; size < text.length; size += 3) {
    const pieces = text.match(new RegExp(`[^]{1,${size}}`, 'g'));
    const { blocks } = grow(pieces);
    assert.deepEqual(blocks.finished, ['First block.', '- a\n- b', 'Third **block** here.', 'Last.']);
    assert.deepEqual(blocks.tail, []);
  }
});

test('only what follows the last finished block is sent again', () => {
  const { sent } = grow(['One.\n\nTw', 'o.\n\nThr', 'ee.']);
  assert.deepEqual(sent, ['One.\n\nTw', 'Two.\n\nThr', 'Three.']);
});

test('a table is one block, wherever its rows are cut', () => {
  const table = '| a | b |\n|---|---|\n| one | 1 |\n| two | 2 |';
  // As the renderer does it: a line with one bar alone is no row.
  const lines = (text) => [...text.matchAll(/(?:\|[^\n]*\|[^\n]*(?:\n|$))+|[^\n]*\n+|[^\n]+$/g)].map((match) => ({ html: match[0].trim(), end: match.index + match[0].length }));
  const text = `Before.\n\n${table}\n\nAfter.`;
  let blocks = noBlocks();
  for (let length = 1; length <= text.length; length += 1) {
    const next = toRender(blocks, text.slice(0, length), length === text.length);
    blocks = rendered(next.blocks, lines(next.rest), length === text.length);
  }
  assert.deepEqual(blocks.finished.filter((block) => block !== ''), ['Before.', table, 'After.']);
});

test('an answer that replaces the streamed text is rendered whole', () => {
  let { blocks } = grow(['One.\n\nTwo.\n\nTh']);
  const { blocks: fresh, rest } = toRender(blocks, 'Another answer.', true);
  assert.equal(rest, 'Another answer.');
  blocks = rendered(fresh, render(rest), true);
  assert.deepEqual(blocks.finished, ['Another answer.']);
});

test('nothing of the streamed text stands beside an answer that replaces it', () => {
  // The checked answer begins otherwise: of three streamed blocks two were finished.
  let next = toRender(noBlocks(), 'One [9].\n\nTwo.\n\nThree.', false);
  let blocks = rendered(next.blocks, render(next.rest), false);
  assert.deepEqual([blocks.kept, blocks.finished.length, blocks.tail.length], [0, 2, 1]);
  next = toRender(blocks, 'One.\n\nTwo.\n\nThree.', true);
  blocks = rendered(next.blocks, render(next.rest), true);
  assert.deepEqual([blocks.kept, blocks.finished], [0, ['One.', 'Two.', 'Three.']]);
});

test('a final answer with the same beginning keeps what is there', () => {
  let blocks = noBlocks();
  let next = toRender(blocks, 'One.\n\nTwo.\n\nTh', false);
  blocks = rendered(next.blocks, render(next.rest), false);
  next = toRender(blocks, 'One.\n\nTwo.\n\nThree [1].', true);
  assert.equal(next.rest, 'Three [1].');
  blocks = rendered(next.blocks, render(next.rest), true);
  assert.deepEqual([blocks.kept, blocks.finished], [2, ['One.', 'Two.', 'Three [1].']]);
});

test('an empty answer has no blocks', () => {
  const { blocks, rest } = toRender(noBlocks(), '', true);
  assert.equal(rest, '');
  assert.deepEqual(rendered(blocks, [], true).finished, []);
});

test('a live answer ends like a reopened one where its end says what its beginning means', () => {
  const text = 'See [docs].\n\nMore.\n\n[docs]: https://docs.example';
  const live = toRender(noBlocks(), text.slice(0, 30), false);
  const ended = toRender(rendered(live.blocks, render(live.rest), false), text, true);
  const reopened = toRender(noBlocks(), text, true);
  assert.deepEqual(ended, reopened);
});
