import { createRequire } from 'node:module';
import { JSDOM } from 'jsdom';

// miniprogram-simulate draws into the page that it finds.
const { window } = new JSDOM('<!doctype html><body></body>', { pretendToBeVisual: true });
for (const name of [
  'window',
  'document',
  'CustomEvent',
  'TouchEvent',
  'HTMLElement',
  'Node',
  'MutationObserver',
]) {
  globalThis[name] = name === 'window' ? window : window[name];
}

const require = createRequire(import.meta.url);
export const simulate = require('miniprogram-simulate');
export const { document } = window;
