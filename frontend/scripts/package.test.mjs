// @weir/react as a newcomer gets it: packed, and unpacked in a folder of its own. It is built by then.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const frontend = fileURLToPath(new URL('..', import.meta.url));
const place = mkdtempSync(join(tmpdir(), 'weir-package-'));
after(() => rmSync(place, { recursive: true }));

const packages = join(frontend, 'packages/react');
execFileSync('npm', ['pack', '--silent', '--pack-destination', place], { cwd: packages });
const installed = join(place, 'node_modules/@weir/react');
mkdirSync(installed, { recursive: true });
const tarball = readdirSync(place).find((file) => file.endsWith('.tgz'));
execFileSync('tar', ['-xzf', join(place, tarball), '-C', installed, '--strip-components=1']);
for (const name of ['react', 'react-dom']) {
  symlinkSync(join(frontend, 'node_modules', name), join(place, 'node_modules', name));
}

const text = (file) => readFileSync(join(installed, file), 'utf8');
const node = (...args) => execFileSync(process.execPath, args, { cwd: place, encoding: 'utf8' });

test('it has its licence, words, types and style, and needs nothing but React', () => {
  assert.equal(text('LICENSE'), readFileSync(join(frontend, '../LICENSE'), 'utf8'));
  assert.match(text('README.md'), /^# @weir\/react/);
  const { exports, dependencies, peerDependencies } = JSON.parse(text('package.json'));
  assert.deepEqual([dependencies, peerDependencies], [undefined, { react: '>=18' }]);
  for (const { types, default: file } of [exports['.'], exports['./style.css']]) {
    assert.ok(text(types) && text(file));
  }
  const script = text('dist/index.js');
  // Frameworks that draw on a server are told that these are taken over in the browser.
  assert.match(script, /^['"]use client['"];/);
  const foreign = [...script.matchAll(/from\s*"([^"]+)"/g)].map(([, name]) => name);
  assert.deepEqual(foreign, ['react', 'react/jsx-runtime']);
  assert.doesNotMatch(script, /\bprocess\b/);
});

test('its types name nothing that is not in it', () => {
  const types = readdirSync(join(installed, 'dist')).filter((file) => file.endsWith('.d.ts'));
  assert.ok(types.includes('index.d.ts'));
  for (const file of types) {
    for (const [, name] of text(`dist/${file}`).matchAll(/(?:from|import\() ?['"]([^'"]+)['"]/g)) {
      const isThere = name === 'react' || types.includes(name.replace('./', '').replace(/\.js$/, '.d.ts'));
      assert.ok(isThere, `${file} names ${name}`);
    }
  }
});

test('a server draws all of it', () => {
  const drawn = node(
    '--input-type=module',
    '--eval',
    `import { createElement as h } from 'react';
     import { renderToString } from 'react-dom/server';
     import * as weir from '@weir/react';
     const Share = () => String(weir.useWeChatShare({ title: 'page' }).ready);
     const parts = [weir.WeChatSettings, weir.WeChatStatus, weir.WeChatQRGenerator, weir.WeChatLogin, Share];
     const all = parts.map((Part, key) => h(Part, { key }));
     console.log(renderToString(h(weir.WeirProvider, { language: 'zh', token: () => null }, all)));
     console.log(renderToString(h('div', null, all)));`,
  );
  assert.match(drawn, /微信登录/);
  assert.match(drawn, /Sign in with WeChat/);
});
