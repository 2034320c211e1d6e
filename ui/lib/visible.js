// @ts-check
// Characters that a reader does not see, or that change what others look like, made visible: controls,
// formats (directions, joiners, marks of order) and blanks of no width. Text before a person's word
// counts is shown with these, so that what they read is what is meant.

import { h } from './dom.js';

const UNSEEN = /([\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0])/u;

/**
 * The text in pieces: those that are as they look, and names of characters, such as U+202E.
 * @param {string} text
 * @returns {{ text: string, code: boolean }[]}
 */
export function pieces(text) {
  return text
    .split(UNSEEN)
    .map((part, place) => (place % 2 === 1 ? { text: codePoint(part), code: true } : { text: part, code: false }))
    .filter((piece) => piece.text !== '');
}

/** The same as one text. @param {string} text */
export function visible(text) {
  return pieces(text).map((piece) => (piece.code ? `[${piece.text}]` : piece.text)).join('');
}

/** The same as an element, in which no letter's direction changes its neighbours. @param {string} text @param {string} [kind] */
export function shown(text, kind) {
  return h('bdi', kind === undefined ? null : { class: kind }, pieces(text).map((piece) => (piece.code ? h('span', { class: 'code-point', title: 'A character that is not seen' }, piece.text) : piece.text)));
}

/** @param {string} character */
function codePoint(character) {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}
