// @ts-check
// The key that commands are given with: Cmd on a Mac, where Ctrl with a letter moves and deletes
// within a text, and Ctrl everywhere else.

const onMac = /^Mac/.test(globalThis.navigator?.platform ?? '');

/** @param {Pick<KeyboardEvent, 'ctrlKey' | 'metaKey' | 'altKey'>} event @param {boolean} [mac] */
export function isCommand({ ctrlKey, metaKey, altKey }, mac = onMac) {
  return !altKey && (mac ? metaKey && !ctrlKey : ctrlKey && !metaKey);
}

/** As people read it: `Ctrl N`, `⌘N`. @param {string} key @param {boolean} [mac] */
export function commandKey(key, mac = onMac) {
  return mac ? `⌘${key}` : `Ctrl ${key}`;
}

/**
 * Whether a key belongs to text that is still being composed (IME). WebKit ends the composition
 * before it tells of the key that ended it, which then has the code of no key.
 * @param {Pick<KeyboardEvent, 'isComposing' | 'keyCode'>} event
 */
export function isComposing(event) {
  return event.isComposing || event.keyCode === 229;
}
