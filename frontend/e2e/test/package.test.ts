import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const PACKAGE = fileURLToPath(new URL('../../packages/react', import.meta.url));
const require = createRequire(`${PACKAGE}/package.json`);

// A program of somebody who has installed the package, and of nothing else of ours.
const PROGRAM = `
import { useWeChatBinding, useWeChatQR, WeChatSettings, WeirProvider, type WeChatBinding } from '@weir/react';
import '@weir/react/style.css';
import { createElement } from 'react';
function Page() {
  const { binding } = useWeChatBinding();
  const { qrSession } = useWeChatQR();
  const name: string | undefined = (binding as WeChatBinding | null)?.nickname;
  return createElement('p', null, name, qrSession?.session_id, createElement(WeChatSettings));
}
export const page = createElement(WeirProvider, { base: 'https://weir.example.com', language: 'ru' }, createElement(Page));
`;

/** Renders on a server, where there is no window. */
const RENDERED = `
import { createElement } from 'react';
import { renderToString } from 'react-dom/server';
import { WeChatSettings, WeirProvider } from '@weir/react';
console.log(renderToString(createElement(WeirProvider, { base: 'https://weir.example.com', language: 'ru' }, createElement(WeChatSettings))));
`;

test('what would be published installs, compiles under every way of finding modules, and runs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'weir-package-'));
  const at = (...parts: string[]) => join(folder, ...parts);
  try {
    const packed = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
      cwd: PACKAGE,
      encoding: 'utf8',
    });
    const [{ filename, files }] = JSON.parse(packed) as [{ filename: string; files: { path: string }[] }];
    const names = files.map(({ path }) => path);
    for (const name of ['dist/index.js', 'dist/index.d.ts', 'src/style.css', 'README.md', 'package.json']) {
      expect(names).toContain(name);
    }
    expect(names.filter((name) => /test|\.tsx?$/.test(name) && !name.endsWith('.d.ts'))).toEqual([]);
    mkdirSync(at('node_modules/@weir/react'), { recursive: true });
    execFileSync('tar', ['xzf', at(filename), '--strip-components=1', '-C', at('node_modules/@weir/react')]);
    mkdirSync(at('node_modules/@types'));
    for (const name of ['react', 'react-dom', '@types/react', 'csstype']) {
      symlinkSync(dirname(require.resolve(`${name}/package.json`)), at('node_modules', name));
    }
    writeFileSync(at('package.json'), '{"type":"module"}');
    writeFileSync(at('css.d.ts'), "declare module '*.css';");
    writeFileSync(at('program.ts'), PROGRAM);
    writeFileSync(at('rendered.js'), RENDERED);
    for (const [module, resolution] of [
      ['esnext', 'bundler'],
      ['node16', 'node16'],
      ['nodenext', 'nodenext'],
    ]) {
      // Libraries are looked at too: what their types name must be there.
      execFileSync(
        process.execPath,
        [
          require.resolve('typescript/bin/tsc'),
          ...['--noEmit', '--strict', '--target', 'es2022', '--lib', 'es2022,dom'],
          ...['--module', `${module}`, '--moduleResolution', `${resolution}`, 'program.ts', 'css.d.ts'],
        ],
        { cwd: folder, encoding: 'utf8' },
      );
    }
    const rendered = execFileSync(process.execPath, ['rendered.js'], { cwd: folder, encoding: 'utf8' });
    expect(rendered).toContain('class="weir');
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 120_000);
