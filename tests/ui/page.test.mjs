// Rules of the page that a reader would not notice breaking.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, posix, relative } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

const ui = fileURLToPath(new URL('../../ui/', import.meta.url));
const files = (folder = ui) =>
  readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? files(path) : [path];
  });
const all = files().map((path) => ({ name: relative(ui, path), text: readFileSync(path, 'utf8') }));
const scripts = all.filter(({ name }) => name.endsWith('.js') && !name.startsWith('vendor/'));
const styles = all.filter(({ name }) => name.endsWith('.css'));

test('the page has no inline script, handler or style', () => {
  const page = all.find(({ name }) => name === 'index.html').text;
  assert.doesNotMatch(page, /\son[a-z]+\s*=/i);
  assert.doesNotMatch(page, /\sstyle\s*=/i);
  assert.doesNotMatch(page, /<style/i);
  assert.doesNotMatch(page, /<script(?![^>]*\ssrc=)/i);
});

test('nothing remote is loaded', () => {
  const page = all.find(({ name }) => name === 'index.html').text;
  assert.doesNotMatch(page, /(src|href)="(https?:)?\/\//);
  for (const { name, text } of styles) assert.doesNotMatch(text, /url\(['"]?(https?:)?\/\//, name);
});

test('only api.js knows the window (R4)', () => {
  for (const { name, text } of scripts) {
    if (name !== 'api.js') assert.doesNotMatch(text, /__TAURI/, name);
  }
});

test('markup is put in at one place only', () => {
  for (const { name, text } of scripts) {
    if (name === 'lib/sanitised.js') continue;
    assert.doesNotMatch(text, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser/, name);
  }
});

test('styles are not written as attributes, which the policy forbids', () => {
  for (const { name, text } of scripts) assert.doesNotMatch(text, /setAttribute\('style'|cssText|\bstyle: ['`]/, name);
});

test('a colour is a token', () => {
  for (const { name, text } of styles) {
    if (name === 'styles/tokens.css') continue;
    assert.doesNotMatch(text.replaceAll('#000', ''), /#[0-9a-f]{3,8}\b|rgba?\(/i, name);
  }
});

test('every token that is used exists', () => {
  const tokens = styles.map(({ text }) => text).join('\n') + scripts.map(({ text }) => text).join('\n');
  const made = new Set([...tokens.matchAll(/(--[a-z0-9-]+)(?:'|:)/g)].map((match) => match[1]));
  for (const { name, text } of styles) {
    for (const [, token] of text.matchAll(/var\((--[a-z0-9-]+)/g)) assert.ok(made.has(token), `${name}: ${token}`);
  }
});

test('both themes define the same colours', () => {
  const text = styles.find(({ name }) => name === 'styles/tokens.css').text;
  const [light, dark] = text.split(":root[data-theme='dark']");
  const colours = (part) => [...part.matchAll(/(--[a-z0-9-]+): (?=#|rgb|0 \d)/g)].map((match) => match[1]).sort();
  assert.deepEqual(colours(dark), colours(light));
});

test('every import exists and every style is named', () => {
  const names = new Set(all.map(({ name }) => name));
  for (const { name, text } of scripts) {
    for (const [, path] of text.matchAll(/(?:from|import) '(\.[^']+)'/g)) {
      assert.ok(names.has(relative('/', join('/', name, '..', path))), `${name}: ${path}`);
    }
  }
  const index = styles.find(({ name }) => name === 'styles/index.css').text;
  for (const { name } of styles) if (name !== 'styles/index.css') assert.ok(index.includes(`'${posix.relative('styles', name)}'`), name);
});

test('every icon is drawn somewhere', () => {
  const icons = scripts.find(({ name }) => name === 'lib/icons.js').text;
  const names = [...icons.matchAll(/^  '?([a-z][a-z-]*)'?:$/gm)].map((match) => match[1]);
  assert.ok(names.length > 20);
  const others = scripts.filter(({ name }) => name !== 'lib/icons.js').map(({ text }) => text).join('\n');
  for (const name of names) assert.ok(others.includes(`'${name}'`), name);
});

test('every icon that is named exists', () => {
  const icons = scripts.find(({ name }) => name === 'lib/icons.js').text;
  const known = new Set([...icons.matchAll(/^  '?([a-z][a-z-]*)'?:$/gm)].map((match) => match[1]).concat(['ring', 'partial', 'brand']));
  for (const { name, text } of scripts) {
    const drawn = [...text.matchAll(/\b(?:icon|glyph)\('([a-z-]+)'/g)].map((match) => match[1]);
    // Sections and commands name theirs in lists.
    const listed = [...text.matchAll(/^  \['[a-z]+', '[A-Z]\w+', '([a-z-]+)', '/gm)].map((match) => match[1]);
    const pages = [...text.matchAll(/\bpage\('([a-z-]+)',/g)].map((match) => match[1]);
    for (const shape of [...drawn, ...listed, ...pages]) assert.ok(known.has(shape), `${name}: ${shape}`);
  }
});

test('every import names what is there', () => {
  const exported = new Map(scripts.map(({ name, text }) => {
    const single = [...text.matchAll(/export (?:async )?(?:const|function|class|let) (\w+)/g)].map((match) => match[1]);
    const several = [...text.matchAll(/export \{([^}]*)\}/g)].flatMap((match) => match[1].split(',').map((one) => one.trim()));
    return [name, new Set([...single, ...several])];
  }));
  for (const { name, text } of scripts) {
    for (const [, names, from] of text.matchAll(/^import (?:\{([^}]*)\} from )?'(\.[^']*)';$/gm)) {
      const target = posix.join(posix.dirname(name), from);
      if (target.startsWith('vendor/')) continue;
      assert.ok(exported.has(target), `${name}: ${from}`);
      for (const one of (names ?? '').split(',').map((part) => part.trim().split(' as ')[0]).filter(Boolean)) {
        assert.ok(exported.get(target).has(one), `${name}: ${one} of ${from}`);
      }
    }
  }
});

test('files stay short', () => {
  for (const { name, text } of all) assert.ok(text.split('\n').length <= 401, name);
});

test('no script keeps its types from the checker', () => {
  for (const { name, text } of scripts) {
    assert.match(text, /^\/\/ @ts-check/, name);
    assert.doesNotMatch(text, /@ts-(ignore|nocheck|expect-error)/, name);
  }
});

test('what is vendored is what its makers published, and is reached in one way', () => {
  const known = {
    'lit-html/directive-helpers.js': 'f7fb1154b8f72ed2cc08b05eaeed71c99270e9ad2d48620ed24688a1af4c2b62',
    'lit-html/directive.js': '3344c4f41c69cd0701d3937e8f9ef90bd845614bf6456d0b8314b7c51d415b9d',
    'lit-html/directives/guard.js': '8534c98865e29fb6c0c03acb1948ef6597f17ffe2c8ebfda4f153bfb8f79e215',
    'lit-html/directives/live.js': 'b305f9066319d838db797abd5a4d871537277e25f35332702bfce4452c020ecf',
    'lit-html/directives/repeat.js': '083140026ecd8665fedd15b17769f9d516252a9f1502f1e91e6967686ee82626',
    'lit-html/lit-html.js': 'b878e7f95dec8a9b6e9b217faca6b6a11bad82ebc44c0caa77419ed83edd81f2',
  };
  const hash = (name) => createHash('sha256').update(readFileSync(join(ui, 'vendor', name))).digest('hex');
  const vendored = files(join(ui, 'vendor')).map((path) => relative(join(ui, 'vendor'), path)).filter((name) => name.endsWith('.js'));
  assert.deepEqual(Object.fromEntries(vendored.sort().map((name) => [name, hash(name)])), known);
  for (const { name, text } of scripts) {
    if (name !== 'lib/view.js') assert.doesNotMatch(text, /vendor\//, name);
    assert.doesNotMatch(text, /unsafe-?(HTML|SVG|static)/i, name);
  }
});
