// What the page knows before its first paint.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { runInNewContext } from 'node:vm';

const script = readFileSync(new URL('../../ui/theme.js', import.meta.url), 'utf8');

/** The theme that a page begins with. @param {{ start?: any, kept?: string, dark?: boolean, again?: boolean }} page */
function begun({ start, kept, dark = false, again = false }) {
  const storage = new Map(kept === undefined ? [] : [['trawl.theme', kept]]);
  const window = {
    matchMedia: () => ({ matches: dark, addEventListener: () => {} }),
    addEventListener: () => {},
    trawlStart: start && { settings: { settings: { preferences: { theme: start } } }, servers: [] },
  };
  const document = { documentElement: { dataset: {} } };
  const localStorage = { getItem: (key) => storage.get(key) ?? null, setItem: (key, value) => storage.set(key, value) };
  const performance = { getEntriesByType: () => [{ type: again ? 'reload' : 'navigate' }] };
  runInNewContext(script, { window, document, localStorage, performance });
  return document.documentElement.dataset.theme;
}

test('the first paint has the theme of the settings, whatever was on show last', () => {
  assert.equal(begun({ start: 'dark' }), 'dark');
  assert.equal(begun({ start: 'light', kept: 'dark', dark: true }), 'light');
  assert.equal(begun({ start: 'system', kept: 'light', dark: true }), 'dark');
});

test('a page that is loaded again goes by what was chosen since', () => {
  assert.equal(begun({ start: 'light', kept: 'dark', again: true }), 'dark');
  assert.equal(begun({ kept: 'dark' }), 'dark');
  assert.equal(begun({}), 'light');
});

test('settings and servers are known from the start', async () => {
  const settings = { settings: {}, warnings: [], notices: [], dataFolder: '/d', version: '1', modelName: 'm' };
  const servers = [{ name: 'stories', kind: 'builtin', state: 'connecting' }];
  Object.assign(globalThis, { window: { __TAURI__: { core: {} }, trawlStart: { settings, servers } } });
  const { allServers, allSettings, serversKnown, settingsKnown } = await import('../../ui/settings/servers/servers.js');
  assert.deepEqual([settingsKnown(), serversKnown(), allSettings().modelName], [true, true, 'm']);
  assert.deepEqual(allServers(), servers);
});
