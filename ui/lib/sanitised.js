// @ts-check
// The only place that turns text into markup. The markup comes from `render_markdown`, where Rust
// has already taken out everything that could run or load.

/**
 * @param {Element} element
 * @param {string} html what `render_markdown` returned
 */
export function putSanitised(element, html) {
  element.innerHTML = html;
}
