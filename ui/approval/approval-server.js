// @ts-check
// What a server that is not trusted yet says of its tools, on the approval sheet: a person sees it
// before they trust it. Descriptions are the server's own words, and stand as they are.

import { h } from '../lib/dom.js';
import { icon } from '../lib/icons.js';
import { plural } from '../lib/format.js';
import { shown, visible } from '../lib/visible.js';
import { allServers } from '../settings/servers/servers.js';
import { toolRows } from '../settings/servers/tool-rows.js';

/** @param {string} name */
export function strangeServer(name) {
  const server = allServers().find((one) => one.name === name);
  const tools = server === undefined ? [] : toolRows(server, {}, true);
  return h(
    'div',
    { class: 'sheet-server', 'data-testid': 'untrusted', 'data-server': name },
    h('p', { class: 'sheet-server-words' }, 'Allowing a call trusts ', h('strong', null, shown(name)), ': from then on, what its tools say of themselves counts, and those that say they only read run unasked.'),
    tools.length > 0 && h('p', { class: 'sheet-server-title' }, `Its ${plural(tools.length, 'tool')} in its own words`),
    tools.length > 0 && h('ul', { class: 'sheet-tools', tabindex: 0, role: 'list', 'aria-label': `Tools of ${visible(name)}, in its own words` }, tools.map(toolLine)),
  );
}

/** @param {ReturnType<typeof toolRows>[number]} tool */
function toolLine({ name, description, words, tone }) {
  return h(
    'li',
    { class: 'sheet-tool' },
    h('p', { class: 'sheet-tool-head' }, shown(name, 'mono sheet-tool-name'), h('span', { class: tone }, tone === 'tone-bad' && icon('triangle-alert', { size: 12 }), words)),
    description !== '' && h('p', { class: 'sheet-tool-words' }, shown(description)),
  );
}
