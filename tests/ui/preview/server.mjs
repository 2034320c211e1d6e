// Serves ui/ with a scripted backend in place of the window's, to look at every state in a browser:
//   node tests/ui/preview/server.mjs [port]     then open http://127.0.0.1:8123/?scene=running
// Only this server adds the backend to the page; the window never sees it. Scenes: scenes.js.

import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const own = fileURLToPath(new URL('.', import.meta.url));
const ui = fileURLToPath(new URL('../../../ui/', import.meta.url));
const fixtures = fileURLToPath(new URL('../../fixtures/', import.meta.url));
const types = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.json': 'application/json' };
const roots = { '/preview/': own, '/fixtures/': fixtures };

const server = createServer(async (request, response) => {
  const path = decodeURIComponent(new URL(request.url ?? '/', 'http://preview').pathname);
  const root = Object.keys(roots).find((prefix) => path.startsWith(prefix));
  const file = root ? join(roots[root], normalize(path.slice(root.length))) : join(ui, normalize(path === '/' ? 'index.html' : path));
  try {
    let body = await readFile(file);
    if (path === '/') {
      const page = body.toString().replace('<script src="theme.js">', '<script src="/preview/backend.js"></script><script src="theme.js">');
      body = Buffer.from(page);
    }
    response.writeHead(200, {
      'content-type': types[extname(file)] ?? 'application/octet-stream',
      'content-security-policy': "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'",
      'cache-control': 'no-store',
    });
    response.end(body);
  } catch {
    response.writeHead(404).end();
  }
});

const port = Number(process.argv[2] ?? 8123);
server.listen(port, '127.0.0.1', () => console.log(`http://127.0.0.1:${port}/`));
