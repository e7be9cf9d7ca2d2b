import { render, screen } from '@testing-library/react';
import { expect, test } from 'vitest';
import { WeChatSettings, WeirProvider } from '../src/index.js';
import { eventParser, type StreamEvent } from '../src/watch.js';
import { languageOf, WORDS } from '../src/words.js';
import { json, pass, Server } from './fake.js';

test.each([
  [['ru-RU', 'en'], 'ru'],
  [['de', 'zh-Hant-TW'], 'zh'],
  [['de'], 'en'],
  [[], 'en'],
] as const)('a reader of %j is spoken to in %s', (tags, language) => {
  expect(languageOf(tags)).toBe(language);
});

test('no language lacks a word', () => {
  const words = Object.keys(WORDS.en).sort();
  for (const language of ['zh', 'ru'] as const) {
    expect(Object.keys(WORDS[language]).sort()).toEqual(words);
    for (const said of Object.values(WORDS[language])) expect(said).toBeTruthy();
  }
});

test.each([
  ['zh', 'zh-CN', '绑定微信'],
  ['ru', 'ru', 'Привязать WeChat'],
] as const)('components speak %s', async (language, tag, said) => {
  new Server().on('GET /api/wechat/binding', () => json({ success: true, data: null }));
  const { container } = render(
    <WeirProvider language={language}>
      <WeChatSettings />
    </WeirProvider>,
  );
  await pass();
  expect(screen.getByRole('button', { name: said })).toBeTruthy();
  expect(container.querySelector('section')?.lang).toBe(tag);
});

test.each([1, 2, 7, 1_000])('a stream is cut into its events, however it arrives (%i at a time)', (size) => {
  const told: StreamEvent[] = [];
  const parse = eventParser((event) => told.push(event));
  const text =
    ': hello\n\nid: 1\r\nevent: status\r\ndata: {"a":\r\ndata: 1}\r\n\r\ndata:two\rid:2\r\rdata: cut off';
  for (let at = 0; at < text.length; at += size) parse(text.slice(at, at + size));
  expect(told).toEqual([
    { id: '1', data: '{"a":\n1}' },
    { id: '2', data: 'two' },
  ]);
});
