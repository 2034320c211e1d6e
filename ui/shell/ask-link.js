// @ts-check
// A link is opened only after its host was seen.

import { openLink, said } from '../api.js';
import { h } from '../lib/dom.js';
import { openPopover } from '../lib/popover.js';

/** @param {string} url @param {Element} anchor @param {(text: string) => void} say */
export function askLink(url, anchor, say) {
  let host = url;
  try {
    const parsed = new URL(url);
    host = parsed.protocol === 'mailto:' ? parsed.pathname : parsed.host;
  } catch {
    say('This link has no address that can be opened.');
    return;
  }
  const open = h('button', { type: 'button', class: 'button small primary' }, url.startsWith('mailto:') ? 'Write' : 'Open in the browser');
  const content = h(
    'div',
    { class: 'confirm', role: 'dialog', 'aria-label': `Open ${host}` },
    h('p', { class: 'confirm-title' }, host),
    h('p', { class: 'confirm-text' }, url.length > 300 ? `${url.slice(0, 300)}…` : url),
    h('div', { class: 'confirm-actions' }, h('button', { type: 'button', class: 'button small plain', onclick: () => close() }, 'Not now'), open),
  );
  const close = openPopover(anchor, content);
  open.addEventListener('click', () => {
    close();
    openLink(url).catch((error) => say(said(error)));
  });
  open.focus();
}
