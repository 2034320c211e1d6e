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
 * Takes in what `render_markdown` made of `rest`. All blocks but the last are finished; with
 * `whole` the last one is too.
 * @param {Blocks} blocks
 * @param {Rendered[]} rendered
 * @param {boolean} whole
 * @returns {Blocks}
 */
export function rendered(blocks, rendered, whole) {
  const closed = whole ? rendered.length : Math.max(0, rendered.length - 1);
  const done = closed === 0 ? blocks.done : blocks.done + rendered[closed - 1].end;
  return {
    text: blocks.text,
    done,
    kept: blocks.finished.length,
    finished: [...blocks.finished, ...rendered.slice(0, closed).map((block) => block.html)],
    tail: rendered.slice(closed).map((block) => block.html),
  };
}
