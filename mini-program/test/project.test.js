import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const app = require('../app.json');
const project = require('../project.config.json');
const FUNCTIONS = ['api-proxy', 'wechat-login'];

test("every page has its four files, and the pages that WeChat's search may show are pages", () => {
  for (const page of app.pages) {
    for (const kind of ['js', 'json', 'wxml', 'wxss'])
      assert.ok(existsSync(`${ROOT}${page}.${kind}`), page + kind);
  }
  for (const { page } of require('../sitemap.json').rules)
    assert.ok(page === '*' || app.pages.includes(page));
});

test('every cloud function has its files, for each is uploaded by itself', () => {
  for (const name of FUNCTIONS) {
    const folder = `${ROOT}${project.cloudfunctionRoot}${name}`;
    for (const file of ['index.js', 'package.json', 'config.json'])
      assert.ok(existsSync(`${folder}/${file}`));
    assert.deepEqual(Object.keys(require(`${folder}/package.json`).dependencies), ['wx-server-sdk']);
  }
  const [one, other] = FUNCTIONS.map((name) =>
    readFileSync(`${ROOT}${project.cloudfunctionRoot}${name}/server.js`, 'utf8'),
  );
  assert.equal(one, other, 'server.js is the same in both');
});

test('what is for tests, for the cloud and for readers is not packed', () => {
  const ignored = project.packOptions.ignore.map(({ value }) => value);
  assert.deepEqual(ignored, ['test', 'cloudfunctions', 'README.md']);
});

/** Every file that WeChat's tools pack. */
function packed(folder = '') {
  return readdirSync(ROOT + folder, { withFileTypes: true }).flatMap((entry) => {
    const path = folder + entry.name;
    const type = entry.isDirectory() ? 'folder' : 'file';
    if (project.packOptions.ignore.some((rule) => rule.type === type && rule.value === path)) return [];
    return entry.isDirectory() ? packed(`${path}/`) : [path];
  });
}

test('what is packed is far below what WeChat takes, and is all that the mini-program needs', () => {
  const files = packed();
  const size = files.reduce((sum, file) => sum + statSync(ROOT + file).size, 0);
  // WeChat takes 2 MiB; a phone opens what is small at once.
  assert.ok(size < 100 * 1024, `${size} bytes`);
  for (const file of files) assert.match(file, /\.(js|json|wxml|wxss)$/);
  assert.ok(!files.includes('package.json'), 'nothing is to be installed');
  for (const file of files.filter((name) => name.endsWith('.js'))) {
    const wanted = readFileSync(ROOT + file, 'utf8').matchAll(/require\('([^']+)'\)/g);
    for (const [, name] of wanted) {
      const path = new URL(name, new URL(file, 'file:///')).pathname.slice(1);
      assert.ok(name.startsWith('.') && files.includes(path), `${file} requires ${name}`);
    }
  }
});

/** The settings that WeChat documents, of those that we use. */
const KNOWN = {
  'app.json': ['pages', 'window', 'style', 'lazyCodeLoading', 'sitemapLocation'],
  'app.json window': [
    'navigationBarTitleText',
    'navigationBarBackgroundColor',
    'navigationBarTextStyle',
    'backgroundColor',
  ],
  'a page': ['usingComponents', 'navigationBarTitleText'],
  'project.config.json': [
    'description',
    'projectname',
    'appid',
    'compileType',
    'miniprogramRoot',
    'cloudfunctionRoot',
    'libVersion',
    'setting',
    'packOptions',
    'condition',
  ],
  'project.config.json setting': [
    'es6',
    'enhance',
    'postcss',
    'minified',
    'urlCheck',
    'checkSiteMap',
    'uploadWithSourceMap',
  ],
  'sitemap.json': ['desc', 'rules'],
};

test("no setting is one that WeChat's tools do not know, for they say nothing of those", () => {
  const sitemap = require('../sitemap.json');
  for (const [what, settings] of [
    ['app.json', app],
    ['app.json window', app.window],
    ...app.pages.map((page) => ['a page', require(`../${page}.json`)]),
    ['project.config.json', project],
    ['project.config.json setting', project.setting],
    ['sitemap.json', sitemap],
  ]) {
    for (const name of Object.keys(settings)) assert.ok(KNOWN[what].includes(name), `${what}: ${name}`);
  }
  assert.equal(app.lazyCodeLoading, 'requiredComponents');
  assert.ok(existsSync(ROOT + app.sitemapLocation));
  assert.match(project.appid, /^wx[0-9a-f]{16}$/);
  for (const { action, page } of sitemap.rules) assert.ok(['allow', 'disallow'].includes(action) && page);
});

test('the pages ask for no address but the configured one', () => {
  for (const page of app.pages) {
    for (const kind of ['js', 'wxml', 'wxss']) {
      assert.doesNotMatch(readFileSync(`${ROOT}${page}.${kind}`, 'utf8'), /https?:\/\//, page + kind);
    }
  }
});

const { languages } = (() => {
  globalThis.wx = {};
  return require('../utils/i18n.js');
})();

test('every word is there in three languages, and every word that a page shows is a word', () => {
  const names = Object.keys(languages.zh);
  for (const words of Object.values(languages)) {
    assert.deepEqual(Object.keys(words), names);
    for (const word of Object.values(words)) assert.ok(word.trim());
  }
  for (const page of app.pages) {
    const shown = readFileSync(`${ROOT}${page}.wxml`, 'utf8').matchAll(/\{\{t\.(\w+)\}\}/g);
    for (const [, name] of shown) assert.ok(names.includes(name), `${page} shows ${name}`);
  }
});

test('every control says what it is, to those who do not see it too', () => {
  for (const page of app.pages) {
    const wxml = readFileSync(`${ROOT}${page}.wxml`, 'utf8');
    const controls = [...wxml.matchAll(/<(button|input)([^>]*)>(.*?)<\/\1>/gs)];
    assert.equal(controls.length, wxml.match(/<(button|input)\b/g)?.length ?? 0);
    for (const [control, , attributes, inside] of controls) {
      const isNamed = /aria-label="\{\{t\.\w+\}\}"/.test(attributes) || /^\{\{t\.\w+\}\}$/.test(inside);
      assert.ok(isNamed, `${page}: ${control}`);
    }
  }
});

test("every button's width is one that the look v2 does not set: its rule outranks a class", () => {
  const sheets = ['app.wxss', ...app.pages.map((page) => `${page}.wxss`)];
  const styles = sheets.map((sheet) => readFileSync(ROOT + sheet, 'utf8')).join('\n');
  const rules = styles.matchAll(/\.([\w-]+) \{[^}]*?\bwidth: [^;}]*!important/g);
  const wide = [...rules].map(([, name]) => name);
  for (const page of app.pages) {
    const wxml = readFileSync(`${ROOT}${page}.wxml`, 'utf8');
    for (const [button, names] of wxml.matchAll(/<button class="([^"]*)"/g))
      assert.ok(
        names.split(' ').some((name) => wide.includes(name)),
        `${page}: ${button}`,
      );
  }
});

test('every control has a handler that its page has', () => {
  for (const page of app.pages) {
    const source = readFileSync(`${ROOT}${page}.js`, 'utf8');
    const bound = readFileSync(`${ROOT}${page}.wxml`, 'utf8').matchAll(/\bbind:?\w+="(\w+)"/g);
    for (const [, handler] of bound)
      assert.match(source, new RegExp(`\\b${handler}\\(`), `${page}: ${handler}`);
  }
});

// The compilers come as programs for these machines.
const runs = process.arch === 'x64' && ['linux', 'darwin', 'win32'].includes(process.platform);
test("WeChat's own compilers take the pages and their styles", {
  skip: !runs && 'no compiler for this machine',
}, () => {
  const compiler = require('miniprogram-compiler');
  const wxmlList = app.pages.map((page) => `${page}.wxml`);
  const wxssList = ['app.wxss', ...app.pages.map((page) => `${page}.wxss`)];
  assert.ok(compiler.wxmlToJs(ROOT, { wxmlList }));
  assert.ok(compiler.wxssToJs(ROOT, { wxssList }));
});
