// @ts-check
// Things that lie over the page at an anchor: menus, confirmations, hover cards. Placed by script,
// since not every web view can anchor by style. One focus trap is not needed: they close on Tab-out.

import { h } from './dom.js';
import { icon } from './icons.js';
import { onEscape } from './escape.js';
import { reachable, roving } from './roving.js';

/** @type {(() => void) | null} */
let closeOpen = null;

/**
 * @param {Element} anchor
 * @param {HTMLElement} content
 * @param {{ align?: 'start' | 'end', side?: 'below' | 'above', focus?: boolean, closed?: () => void }} [options]
 * @returns {() => void} closes it
 */
export function openPopover(anchor, content, options = {}) {
  closeOpen?.();
  const { focus = true } = options;
  const before = document.activeElement;
  content.classList.add('popover');
  document.body.append(content);
  placeAt(anchor, content, options);
  const inside = (/** @type {Event} */ event) =>
    event.target instanceof Node && (content.contains(event.target) || anchor.contains(event.target));
  const outside = (/** @type {Event} */ event) => {
    if (!inside(event)) close();
  };
  const left = (/** @type {FocusEvent} */ event) => {
    if (event.relatedTarget instanceof Node && !content.contains(event.relatedTarget)) close();
  };
  const forget = onEscape(() => close());
  const close = () => {
    if (closeOpen !== close) return;
    closeOpen = null;
    forget();
    document.removeEventListener('pointerdown', outside, true);
    window.removeEventListener('resize', close);
    content.removeEventListener('focusout', left);
    const focused = content.contains(document.activeElement);
    content.remove();
    if (focused && before instanceof HTMLElement) before.focus({ preventScroll: true });
    options.closed?.();
  };
  closeOpen = close;
  document.addEventListener('pointerdown', outside, true);
  window.addEventListener('resize', close);
  if (focus) {
    content.addEventListener('focusout', left);
    const first = content.querySelector('[autofocus], button, input, textarea');
    if (first instanceof HTMLElement) first.focus();
  }
  return close;
}

/** Whether anything is open. */
export const isPopoverOpen = () => closeOpen !== null;

/** Closes whatever is open. */
export function closePopover() {
  closeOpen?.();
}

/**
 * @typedef {{ label: string, icon?: string, note?: string, danger?: boolean, checked?: boolean, run: () => void }} MenuItem
 */

/**
 * @param {HTMLElement} anchor
 * @param {(MenuItem | { heading: string })[]} items
 * @param {{ align?: 'start' | 'end', side?: 'below' | 'above', label?: string }} [options]
 */
export function openMenu(anchor, items, options = {}) {
  if (anchor.getAttribute('aria-expanded') === 'true') {
    closeOpen?.();
    return;
  }
  const menu = h('div', { class: 'menu', role: 'menu', 'aria-label': options.label });
  for (const item of items) menu.append('heading' in item ? heading(item.heading) : entry(item));
  roving(menu, '[role^=menuitem]');
  reachable(menu, '[role^=menuitem]');
  anchor.setAttribute('aria-expanded', 'true');
  openPopover(anchor, menu, {
    ...options,
    closed: () => anchor.setAttribute('aria-expanded', 'false'),
  });
}

/** @param {string} text */
function heading(text) {
  return h('div', { class: 'menu-heading', role: 'presentation' }, text);
}

/** @param {MenuItem} item */
function entry(item) {
  const checkable = item.checked !== undefined;
  return h(
    'button',
    {
      type: 'button',
      class: item.danger ? 'menu-item danger' : 'menu-item',
      role: checkable ? 'menuitemcheckbox' : 'menuitem',
      'aria-checked': checkable ? String(item.checked) : null,
      tabindex: -1,
      onclick: () => {
        closePopover();
        item.run();
      },
    },
    item.icon !== undefined && icon(item.icon, { size: 14 }),
    h('span', { class: 'menu-label', title: item.label }, item.label),
    item.note !== undefined && h('span', { class: 'menu-note' }, item.note),
    checkable && h('span', { class: 'menu-check' }, item.checked && icon('check', { size: 14 })),
  );
}

/**
 * Asks before something that cannot be undone.
 * @param {Element} anchor
 * @param {{ title: string, text: string, action: string, keep?: string, danger?: boolean, run: () => void, align?: 'start' | 'end', side?: 'below' | 'above' }} question
 */
export function confirmAt(anchor, question) {
  const act = h(
    'button',
    {
      type: 'button',
      class: question.danger ? 'button small danger' : 'button small primary',
      onclick: () => {
        close();
        question.run();
      },
    },
    question.action,
  );
  const keep = h('button', { type: 'button', class: 'button small plain', onclick: () => close() }, question.keep ?? (question.danger ? 'Keep' : 'Not now'));
  const content = h(
    'div',
    { class: 'confirm', role: 'alertdialog', 'aria-label': question.title },
    h('p', { class: 'confirm-title' }, question.title),
    h('p', { class: 'confirm-text' }, question.text),
    h(
      'div',
      { class: 'confirm-actions' },
      keep,
      act,
    ),
  );
  const close = openPopover(anchor, content, question);
  (question.keep === undefined ? act : keep).focus();
}

/**
 * @param {Element} anchor
 * @param {HTMLElement} content
 * @param {{ align?: 'start' | 'end', side?: 'below' | 'above' }} options
 */
function placeAt(anchor, content, { align = 'start', side = 'below' }) {
  const box = anchor.getBoundingClientRect();
  const own = content.getBoundingClientRect();
  const gap = 4;
  const edge = 8;
  const below = box.bottom + gap;
  const above = box.top - gap - own.height;
  const fitsBelow = below + own.height <= window.innerHeight - edge;
  const top = side === 'below' ? (fitsBelow || above < edge ? below : above) : above >= edge ? above : below;
  const left = align === 'start' ? box.left : box.right - own.width;
  const most = window.innerWidth - own.width - edge;
  content.style.setProperty('top', `${Math.max(edge, Math.min(top, window.innerHeight - own.height - edge))}px`);
  content.style.setProperty('left', `${Math.max(edge, Math.min(left, most))}px`);
}
