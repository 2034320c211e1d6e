// @ts-check
// Keeps account of which blocks of a growing Markdown text are finished, so that only what follows
// the last finished one is rendered again. Pure; offsets in UTF-16 units.

/** @typedef {{ html: string, end: number }} Rendered */
/**
 * @typedef {object} Blocks
 * @property {string} text
 * @property {number} done how far finished blocks reach
 * @property {number} kept how many of the finished ones stood there before
 * @property {string[]} finished
 * @property {string[]} tail
 */

/** @returns {Blocks} */
export function noBlocks() {
  return { text: '', done: 0, kept: 0, finished: [], tail: [] };
}

/** `[docs]: https://example.com` says where each `[docs]` leads, also those in blocks before it. */
const DEFINES = /\]:/;

/**
 * The part of `text` that has to be rendered now. Starts over where the text is not a longer
 * version of what was there before (the last event replaces the streamed answer), and once it is
 * `whole` where one part says what another means.
 * @param {Blocks} blocks
 * @param {string} text
 * @param {boolean} whole
 * @returns {{ blocks: Blocks, rest: string }}
 */
export function toRender(blocks, text, whole) {
  const longer = text.startsWith(blocks.text.slice(0, blocks.done));
  const kept = longer && !(whole && DEFINES.test(text)) ? blocks : noBlocks();
  return { blocks: { ...kept, text }, rest: text.slice(kept.done) };
}

/**
 * Takes in what `render_markdown` made of `rest`. All blocks but the last are finished, and but one
 * that a line which is still being written seems to end; with `whole` all are.
 * @param {Blocks} blocks
 * @param {Rendered[]} rendered
 * @param {boolean} whole
 * @returns {Blocks}
 */
export function rendered(blocks, rendered, whole) {
  const rest = blocks.text.slice(blocks.done);
  let closed = whole ? rendered.length : Math.max(0, rendered.length - 1);
  if (!whole && closed > 0 && mayGoOn(rest, rendered[closed - 1].end)) closed -= 1;
  const done = closed === 0 ? blocks.done : blocks.done + rendered[closed - 1].end;
  return {
    text: blocks.text,
    done,
    kept: blocks.finished.length,
    finished: [...blocks.finished, ...rendered.slice(0, closed).map((block) => block.html)],
    tail: rendered.slice(closed).map((block) => block.html),
  };
}

/**
 * Whether nothing but an unfinished line follows, with no blank line before it: `|` alone ends a
 * table, the row that it begins does not.
 * @param {string} rest
 * @param {number} end of the block
 */
function mayGoOn(rest, end) {
  const line = rest.lastIndexOf('\n') + 1;
  // Some blocks end before their line break, some behind it.
  return end >= line - 1 && !/\n[ \t]*\n$/.test(rest.slice(0, line));
}
