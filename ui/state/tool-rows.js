// @ts-check
// What the settings say of each tool of a server. Pure.

/** @typedef {import('./types.js').ServerStatus} ServerStatus */
/** @typedef {{ name: string, description: string, allowed: boolean, words: string, tone: string }} ToolRow */

/**
 * The server's tools in its own order, then allowed ones that it does not offer now, which can be
 * withdrawn all the same.
 * @param {ServerStatus} server
 * @param {Record<string, unknown>} allowed by the tool's name
 * @returns {ToolRow[]}
 */
export function toolRows(server, allowed) {
  const tools = server.tools ?? [];
  const rows = tools.map((tool) => ({
    name: tool.name,
    description: tool.description ?? '',
    allowed: Object.hasOwn(allowed, tool.name),
    words: tool.destructive ? 'destructive' : tool.readOnly ? 'reads' : 'asks first',
    tone: tool.destructive ? 'tone-bad' : 'tone-quiet',
  }));
  const gone = Object.keys(allowed).filter((name) => !tools.some((tool) => tool.name === name));
  return [...rows, ...gone.map((name) => ({ name, description: 'Not offered now', allowed: true, words: '', tone: '' }))];
}
