// Takes a picture of every scene of the preview, in both themes, and compares two sets of them:
//   node tests/ui/preview/pictures.mjs take FOLDER [PART-OF-A-NAME]
//   node tests/ui/preview/pictures.mjs compare BEFORE AFTER
// In the web view's own engine: needs WebKitWebDriver, its MiniBrowser and a display. The clock stands
// still, so that two pictures of the same page are equal to the pixel.

import { spawn } from 'node:child_process';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { difference } from './png.mjs';

// Several at a time need ports of their own.
const first = Number(process.env.PREVIEW_PORT ?? 8171);
const PORTS = { page: first, driver: first + 1 };
const NOW = '2026-03-04T12:00:00Z';
const SIZE = { width: 1280, height: 800 };

/** Name: address, and what is clicked there. @type {Record<string, [string, ...string[]]>} */
const views = {
  start: ['?scene=start&at=0'],
  'start-detected': ['?scene=start&at=0&history=1&detected=many'],
  running: ['?scene=running&at=1700&open=1'],
  wide: ['?scene=wide&at=3000&open=1'],
  many: ['?scene=many&at=3000&open=1'],
  thousand: ['?scene=thousand&at=9000&open=1'],
  answered: ['?scene=answered&at=0&open=1'],
  'answered-unfolded': ['?scene=answered&at=0&open=1', '[data-testid=summary]'],
  'answered-evidence': ['?scene=answered&at=0&open=1', '[data-testid=answer] .citation'],
  long: ['?scene=long&at=0&open=1'],
  partial: ['?scene=partial&at=0&open=1'],
  failed: ['?scene=failed&at=0&open=1'],
  interrupted: ['?scene=interrupted&at=0&open=1'],
  cancelled: ['?scene=cancelled&at=0&open=1'],
  approval: ['?scene=approval&at=3000&open=1'],
  states: ['?scene=states&at=4000&open=1'],
  thread: ['?scene=thread&at=0&open=1'],
  servers: ['?scene=answered&at=0#/settings/servers'],
  'servers-details': ['?scene=answered&at=0#/settings/servers', '[data-testid=server][data-name=filesystem] .server-details'],
  'servers-form': ['?scene=answered&at=0#/settings/servers', '.settings-bar .button.primary'],
  model: ['?scene=answered&at=0#/settings/model'],
  'model-none': ['?scene=start&at=0&detected=many#/settings/model'],
  behaviour: ['?scene=answered&at=0#/settings/behaviour'],
  appearance: ['?scene=answered&at=0#/settings/appearance'],
};

const [act, ...given] = process.argv.slice(2);
if (act === 'take' && given.length > 0) await take(given[0], given[1] ?? '');
else if (act === 'compare' && given.length === 2) process.exitCode = await compare(given[0], given[1]);
else throw new Error('usage: pictures.mjs take FOLDER [PART-OF-A-NAME] | compare BEFORE AFTER');

/** @param {string} folder @param {string} part */
async function take(folder, part) {
  await mkdir(folder, { recursive: true });
  const children = [
    spawn('node', [fileURLToPath(new URL('server.mjs', import.meta.url)), String(PORTS.page)], { stdio: 'ignore' }),
    spawn('WebKitWebDriver', [`--port=${PORTS.driver}`], { stdio: 'ignore' }),
  ];
  try {
    const browser = await open();
    for (const [name, [address, ...clicks]] of Object.entries(views)) {
      if (!name.includes(part)) continue;
      for (const theme of ['light', 'dark']) await picture(browser, join(folder, `${name}-${theme}.png`), address, theme, clicks);
    }
    await browser('DELETE', '');
  } finally {
    for (const child of children) child.kill();
  }
}

/** A session of the driver, as a function that sends it commands. */
async function open() {
  const browserOptions = { binary: '/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser', args: ['--automation'] };
  const capabilities = { alwaysMatch: { 'webkitgtk:browserOptions': browserOptions } };
  const { sessionId } = await again(() => send('POST', '/session', { capabilities }));
  /** @type {(method: string, path: string, body?: object) => Promise<any>} */
  const browser = (method, path, body) => send(method, `/session/${sessionId}${path}`, body);
  await browser('POST', '/window/rect', SIZE);
  return browser;
}

/** @param {Awaited<ReturnType<typeof open>>} browser @param {string} file @param {string} address @param {string} theme @param {string[]} clicks */
async function picture(browser, file, address, theme, clicks) {
  const [query, hash = ''] = address.split('#');
  await browser('POST', '/url', { url: 'about:blank' });
  await browser('POST', '/url', { url: `http://127.0.0.1:${PORTS.page}/${query}&theme=${theme}&now=${NOW}${hash && `#${hash}`}` });
  await settled(browser);
  for (const selector of clicks) {
    const found = await again(() => browser('POST', '/element', { using: 'css selector', value: selector }));
    await browser('POST', `/element/${Object.values(found)[0]}/click`, {});
    await settled(browser);
  }
  await writeFile(file, Buffer.from(await browser('GET', '/screenshot'), 'base64'));
  console.log(file);
}

/** Until the page looks the same for a while: nothing comes, and no animation is under way. @param {Awaited<ReturnType<typeof open>>} browser */
async function settled(browser) {
  // What turns for ever stands still at its beginning, what ends has ended.
  const script = `for (const one of document.getAnimations({ subtree: true })) {
    if (one.effect.getComputedTiming().endTime === Infinity) { one.pause(); one.currentTime = 0; } else one.finish();
  }
  document.activeElement?.blur?.();`;
  let before = '';
  for (let quiet = 0; quiet < 3; ) {
    await new Promise((done) => setTimeout(done, 300));
    await browser('POST', '/execute/sync', { script, args: [] });
    const now = await browser('GET', '/screenshot');
    quiet = now === before ? quiet + 1 : 0;
    before = now;
  }
}

/** @template T @param {() => Promise<T>} act @returns {Promise<T>} */
async function again(act) {
  for (let left = 100; ; left -= 1) {
    try {
      return await act();
    } catch (error) {
      if (left === 0) throw error;
      await new Promise((done) => setTimeout(done, 100));
    }
  }
}

/** @param {string} method @param {string} path @param {object} [body] */
async function send(method, path, body) {
  const response = await fetch(`http://127.0.0.1:${PORTS.driver}${path}`, { method, body: body && JSON.stringify(body) });
  const { value } = await response.json();
  if (!response.ok) throw new Error(`${method} ${path}: ${value?.message}`);
  return value;
}

/** @param {string} before @param {string} after */
async function compare(before, after) {
  const names = new Set([...(await readdir(before)), ...(await readdir(after))]);
  let different = 0;
  for (const name of [...names].sort()) {
    const said = await Promise.all([before, after].map((folder) => readFile(join(folder, name)))).then(
      ([one, other]) => difference(one, other),
      () => 'is there once',
    );
    if (said === null) continue;
    different += 1;
    console.log(`${name}: ${said}`);
  }
  console.log(`${names.size - different} of ${names.size} pictures are equal`);
  return different === 0 ? 0 : 1;
}
