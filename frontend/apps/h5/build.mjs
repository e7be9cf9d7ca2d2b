// Cuts weui down to what the page uses. The page itself is served as it is written, for people to copy from:
// crates/http/src/families/h5/frontend-driven.{html,js}.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { PurgeCSS } from 'purgecss';

const PAGE = '../../../crates/http/src/families/h5/frontend-driven';
const OUT = '../../dist/h5';

const weui = createRequire(import.meta.url).resolve('weui/dist/style/weui.min.css');
const [cut] = await new PurgeCSS().purge({
  content: [`${PAGE}.html`, `${PAGE}.js`],
  css: [weui],
  // The icons' classes are put together in the script.
  safelist: [/^weui-icon-(success|warn|info|waiting)$/],
  variables: true,
  keyframes: true,
});
const { version, license } = JSON.parse(
  readFileSync(createRequire(import.meta.url).resolve('weui/package.json')),
);
mkdirSync(OUT, { recursive: true });
writeFileSync(
  `${OUT}/weui.css`,
  `/* weui ${version} (${license}), cut down to this page */\n${cut.css}\n${readFileSync('own.css', 'utf8')}`,
);
