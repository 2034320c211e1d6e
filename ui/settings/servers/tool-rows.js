// @ts-check
// What the settings say of each tool of a server. Pure.

/** @typedef {import('../../run/live/types.js').ServerStatus} ServerStatus */
/** @typedef {{ name: string, description: string, allowed: boolean, words: string, tone: string }} ToolRow */

/** What a tool does when it is called, by its marks. @param {import('../../run/live/types.js').ToolStatus} tool */
function marked(tool) {
  return tool.destructive ? 'destructive' : tool.readOnly ? 'reads' : 'asks first';
}

/**
 * The server's tools in its own order, then allowed ones that it does not offer now, which can be
 * withdrawn all the same.
 * @param {ServerStatus} server
 * @param {Record<string, unknown>} allowed by the tool's name
 * @param {boolean} trusted whether what the tools say of themselves counts
 * @returns {ToolRow[]}
 */
export function toolRows(server, allowed, trusted = true) {
  const tools = server.tools ?? [];
  const rows = tools.map((tool) => ({
    name: tool.name,
    description: tool.description ?? '',
    allowed: Object.hasOwn(allowed, tool.name),
    words: !trusted && tool.readOnly ? 'says it reads' : marked(tool),
    tone: tool.destructive ? 'tone-bad' : 'tone-quiet',
  }));
  const gone = Object.keys(allowed).filter((name) => !tools.some((tool) => tool.name === name));
  return [...rows, ...gone.map((name) => ({ name, description: 'Not offered now', allowed: true, words: '', tone: '' }))];
}
