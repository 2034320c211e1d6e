// @ts-check
// Copies text. A web view may refuse the asynchronous clipboard; a selection still works there.

/**
 * A text that is still to come is given to the clipboard as a promise: a web view takes one only
 * while the click is being handled.
 * @param {string | Promise<string>} text
 * @returns {Promise<boolean>} whether it is in the clipboard now; rejects where the text does
 */
export async function copyText(text) {
  try {
    if (typeof text === 'string') await navigator.clipboard.writeText(text);
    else await navigator.clipboard.write([new ClipboardItem({ 'text/plain': text.then(plain) })]);
    return true;
  } catch {
    return writeThen(await text);
  }
}

/** @param {string} text */
const plain = (text) => new Blob([text], { type: 'text/plain' });

/** @param {string} text */
async function writeThen(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copySelection(text);
  }
}

/** @param {string} text */
function copySelection(text) {
  const field = document.createElement('textarea');
  field.value = text;
  field.className = 'visually-hidden';
  document.body.append(field);
  const focused = document.activeElement;
  field.select();
  const copied = document.execCommand('copy');
  field.remove();
  if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
  return copied;
}
