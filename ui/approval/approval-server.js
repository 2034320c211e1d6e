// @ts-check
// What a server that is not trusted yet says of its tools, on the approval sheet: a person sees it
// before they trust it. Descriptions are the server's own words, and stand as they are.

import { plural } from '../lib/format.js';
import { glyph, html, nothing } from '../lib/view.js';
import { visible } from '../lib/visible.js';
import { allServers } from '../settings/servers/servers.js';
import { toolRows } from '../settings/servers/tool-rows.js';
import { seen } from './approval-arguments.js';

/** @param {string} name */
export function strangeServer(name) {
  const server = allServers().find((one) => one.name === name);
  const tools = server === undefined ? [] : toolRows(server, {}, true);
  return html`<div class="sheet-server" data-testid="untrusted" data-server=${name}>
    <p class="sheet-server-words">Allowing a call trusts <strong>${seen(name)}</strong>: from then on, what its tools say of themselves counts, and those that say they only read run unasked.</p>
    ${tools.length === 0 ? nothing : html`<p class="sheet-server-title">Its ${plural(tools.length, 'tool')} in its own words</p>
    <ul class="sheet-tools" tabindex="0" role="list" aria-label="Tools of ${visible(name)}, in its own words">${tools.map(toolLine)}</ul>`}
  </div>`;
}

/** @param {ReturnType<typeof toolRows>[number]} tool */
function toolLine({ name, description, words, tone }) {
  return html`<li class="sheet-tool">
    <p class="sheet-tool-head">${seen(name, 'mono sheet-tool-name')}<span class=${tone}>${tone === 'tone-bad' ? glyph('triangle-alert', { size: 12 }) : nothing}${words}</span></p>
    ${description === '' ? nothing : html`<p class="sheet-tool-words">${seen(description)}</p>`}
  </li>`;
}
