// @ts-check
// The tools of one server, and what each may do: read, ask first, or run without asking because the
// person always allows it, which is withdrawn here.

import { h, send } from '../../lib/dom.js';
import { icon } from '../../lib/icons.js';
import { sentence } from '../../lib/format.js';
import { said, withdrawApproval } from '../../api.js';
import { isTrusted, reloadSettings } from './servers.js';
import { toolRows } from './tool-rows.js';

/** @typedef {import('../../run/live/types.js').ServerStatus} ServerStatus */

/** @param {ServerStatus} server @param {Record<string, unknown>} allowed by the tool's name */
export function toolList(server, allowed) {
  return h('ul', { class: 'tool-list', 'aria-label': `Tools of ${server.name}` }, toolRows(server, allowed, isTrusted(server.name)).map((row) => toolRow(server.name, row)));
}

/** @param {string} server @param {ReturnType<typeof toolRows>[number]} row */
function toolRow(server, { name, description, allowed, words, tone }) {
  return h(
    'li',
    { class: 'tool-row', 'data-tool': name },
    h('span', { class: 'mono tool-name cut', title: name }, name),
    h('span', { class: 'tool-words cut grow', title: description }, description),
    allowed ? [h('span', { class: 'tool-allowed' }, icon('shield-check', { size: 14 }), 'Always allowed'), withdrawButton(server, name)] : h('span', { class: tone }, words),
  );
}

/** @param {string} server @param {string} tool */
function withdrawButton(server, tool) {
  const withdraw = async (/** @type {Event} */ event) => {
    const button = /** @type {HTMLButtonElement} */ (event.currentTarget);
    const list = button.closest('server-list');
    button.disabled = true;
    try {
      await withdrawApproval(server, tool);
      await reloadSettings();
      if (list !== null) send(list, 'withdrawn', { server });
    } catch (error) {
      button.disabled = false;
      send(button, 'say', { text: sentence(said(error)) });
    }
  };
  return h('button', { type: 'button', class: 'link-button', 'data-testid': 'withdraw-approval', 'data-tool': tool, 'data-key': `withdraw ${server} ${tool}`, 'aria-label': `Withdraw the approval of ${tool}`, onclick: withdraw }, 'Withdraw');
}
