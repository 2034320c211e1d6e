// @ts-check
// Widths of text without asking the layout: a canvas knows them, and asking it in every frame costs
// nothing that the page would have to redo.

const context = /** @type {CanvasRenderingContext2D} */ (document.createElement('canvas').getContext('2d'));
let family = '';

/**
 * @param {string} text
 * @param {string} font weight and size, such as `400 11.5px`
 * @param {string} [other] another family than the page's
 * @returns {number} pixels
 */
export function textWidth(text, font, other) {
  family ||= getComputedStyle(document.body).fontFamily;
  context.font = `${font} ${other ?? family}`;
  return context.measureText(text).width;
}
