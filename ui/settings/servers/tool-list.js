// @ts-check
// The tools of one server, and what each may do: read, ask first, or run without asking because the
// person always allows it, which is withdrawn here.

import { send } from '../../lib/dom.js';
import { sentence } from '../../lib/format.js';
import { each, glyph, html } from '../../lib/view.js';
import { said, withdrawApproval } from '../../api.js';
import { isTrusted, reloadSettings } from './servers.js';
import { toolRows } from './tool-rows.js';

/** @typedef {import('../../run/live/types.js').ServerStatus} ServerStatus */

/**
 * @param {ServerStatus} server
 * @param {Record<string, unknown>} allowed by the tool's name
 * @param {() => void} [withdrawn] an approval is gone, and with it the button that had the focus
 */
export function toolList(server, allowed, withdrawn = () => {}) {
  const row = (/** @type {ReturnType<typeof toolRows>[number]} */ tool) => html`<li class="tool-row" data-tool=${tool.name}>
    <span class="mono tool-name cut" title=${tool.name}>${tool.name}</span>
    <span class="tool-words cut grow" title=${tool.description}>${tool.description}</span>
    ${tool.allowed ? approval(server.name, tool.name, withdrawn) : html`<span class=${tool.tone}>${tool.words}</span>`}
  </li>`;
  return html`<ul class="tool-list" aria-label="Tools of ${server.name}">${each(toolRows(server, allowed, isTrusted(server.name)), (tool) => tool.name, row)}</ul>`;
}

/** @param {string} server @param {string} tool @param {() => void} withdrawn */
function approval(server, tool, withdrawn) {
  const withdraw = async (/** @type {any} */ { currentTarget: button }) => {
    button.disabled = true;
    try {
      await withdrawApproval(server, tool);
      await reloadSettings();
      withdrawn();
    } catch (error) {
      button.disabled = false;
      send(button, 'say', { text: sentence(said(error)) });
    }
  };
  return html`<span class="tool-allowed">${glyph('shield-check', { size: 14 })}Always allowed</span>
    <button type="button" class="link-button" data-testid="withdraw-approval" data-tool=${tool} aria-label="Withdraw the approval of ${tool}" @click=${withdraw}>Withdraw</button>`;
}
