import { expect, test } from 'vitest';
import { commandOf, isHere } from '../src/commands';
import { toldBy } from '../src/from-page';
import { leadsTo } from '../src/leads';
import { apart, firstLetter } from '../src/names';
import { profileOf } from '../src/PersonForm';
import { pictureIn, sizes } from '../src/picture';
import { Down, NoViews, Refused } from '../src/sim';
import { traits } from '../src/traits';
import { explain } from '../src/trouble';
import { arrived, unread } from '../src/unread';
import { nearly, same } from '../src/useWorld';
import { follow, host } from '../src/visited';
import { briefly, clock, when } from '../src/when';
import { firstLanguage, WORDS } from '../src/words';
import { person } from './fake';

test.each([
  ['http://127.0.0.1:8080/s/x', { url: 'http://127.0.0.1:8080/s/x' }],
  ['  https://example.com \n', { url: 'https://example.com' }],
  ['HTTP://LOCALHOST/', { url: 'HTTP://LOCALHOST/' }],
  ['WIFI:S:home;;', { says: 'WIFI:S:home;;' }],
  ['http://a b', { says: 'http://a b' }],
  ['javascript:alert(1)', { says: 'javascript:alert(1)' }],
  ['', null],
  [' \n ', null],
])('a code that says %j leads to %j', (content, found) => {
  expect(leadsTo(content)).toEqual(found);
});

test('the way back is the way that was come', () => {
  const [a, b, c] = ['http://x/a', 'http://x/b', 'http://x/c'];
  expect(follow([a], b)).toEqual([a, b]);
  expect(follow([a, b], b)).toEqual([a, b]);
  expect(follow([a, b], a)).toEqual([a]);
  expect(follow([a, b], c, true)).toEqual([a, c]);
  expect(follow([a], b, true)).toEqual([b]);
  expect(follow([], a)).toEqual([a]);
  expect(host('http://127.0.0.1:8080/x')).toBe('127.0.0.1:8080');
  expect(host('nothing')).toBe('nothing');
});

test('what a page tells is taken as far as it is in form', () => {
  expect(toldBy({ type: 'weir:view', url: 'http://x/', title: 7, replaced: 'yes' })).toEqual({
    type: 'at',
    url: 'http://x/',
    title: '7',
    replaced: false,
  });
  expect(toldBy({ type: 'weir:view-failed', status: '502' })).toEqual({
    type: 'failed',
    url: undefined,
    status: 502,
  });
  expect(toldBy({ type: 'weir:share', share: { title: 't', desc: {}, more: 1 } })).toEqual({
    type: 'share',
    share: { title: 't', desc: '', link: '' },
  });
  expect(toldBy({ type: 'weir:close' })).toEqual({ type: 'close' });
  expect(toldBy({ type: 'weir:leaving' })).toEqual({ type: 'leaving' });
  expect(toldBy({ type: 'weir:scan', id: 3, wanted: 1 })).toEqual({ type: 'scan', id: 3, isWanted: false });
  expect(toldBy({ type: 'weir:scan', id: 4, wanted: true })).toEqual({ type: 'scan', id: 4, isWanted: true });
  for (const none of [
    null,
    'weir:close',
    {},
    { type: 'weir:view', url: 1 },
    { type: 'weir:share', share: 'x' },
    { type: 'weir:scan', id: 'x' },
    { type: 'weir:user', user: 'bob' },
    { type: 'weir:preview', urls: ['javascript:alert(1)', 7] },
  ])
    expect(toldBy(none)).toBeNull();
});

test('pictures of a page are shown from the one that was pressed', () => {
  const [one, two] = ['http://x/1.png', 'http://x/2.png'];
  const preview = (current: unknown, urls: unknown) => toldBy({ type: 'weir:preview', current, urls });
  expect(preview(two, [one, two])).toEqual({ type: 'preview', current: two, urls: [one, two] });
  expect(preview('', [one, 'javascript:1', two])).toEqual({
    type: 'preview',
    current: one,
    urls: [one, two],
  });
  expect(preview(two, [one])).toEqual({ type: 'preview', current: two, urls: [two, one] });
  expect(preview(one, 'none')).toEqual({ type: 'preview', current: one, urls: [one] });
  const many = preview(one, Array(200).fill(two));
  expect(many?.type === 'preview' && many.urls.length).toBe(51);
});

test('the page around commands, and whoever is not of this machine does not', () => {
  expect(commandOf({ type: 'weir:scan', content: 'x' })).toEqual({ type: 'scan', content: 'x' });
  expect(commandOf({ type: 'weir:user', user: 'bob' })).toEqual({ type: 'user', user: 'bob' });
  expect(commandOf({ type: 'weir:language', language: 'ru' })).toEqual({ type: 'language', language: 'ru' });
  expect(commandOf({ type: 'weir:messages' })).toEqual({ type: 'messages' });
  for (const none of [
    null,
    7,
    {},
    { type: 'weir:scan' },
    { type: 'weir:user', user: 1 },
    { type: 'weir:language', language: 'de' },
    { type: 'weir:language', language: 'toString' },
    { type: 'weir:view', url: 'x' },
  ])
    expect(commandOf(none)).toBeNull();
  for (const here of [
    'http://127.0.0.1:1',
    'http://localhost',
    'https://[::1]:8',
    'http://a.b.localhost:7070',
  ])
    expect(isHere(here), here).toBe(true);
  for (const away of ['http://localhost.example.com', 'http://notlocalhost', 'http://10.0.0.1', 'null', ''])
    expect(isHere(away), away).toBe(false);
});

test('messages after the last one seen are unread, and all of them once the simulator has begun anew', () => {
  const [one, two, three] = [{ msgid: 1 }, { msgid: 2 }, { msgid: 3 }];
  expect(unread([], undefined)).toBe(0);
  expect(unread([one, two], undefined)).toBe(2);
  expect(unread([one, two, three], 2)).toBe(1);
  expect(unread([one], 1)).toBe(0);
  expect(unread([], 7)).toBe(0);
  expect(unread([three], 7)).toBe(1);
  // What was there before anybody looked has not just come.
  expect(arrived(undefined, [one])).toBeUndefined();
  expect(arrived([], [one])).toBe(one);
  expect(arrived([one], [one, two])).toBe(two);
  expect(arrived([one], [one])).toBeUndefined();
  expect(arrived([one], [])).toBeUndefined();
});

test('why a page is not shown is said for people', () => {
  const words = WORDS.en;
  const of = (failure: Down | NoViews | Refused) => explain(failure, 'http://127.0.0.1:1/x', words);
  expect(of(new Down())).toBe(words.down);
  expect(of(new NoViews())).toBe(words.noViews);
  expect(of(new Refused('', 403))).toBe(words.foreign);
  expect(of(new Refused('', 502))).toBe('127.0.0.1:1 does not answer. Is it running?');
  expect(of(new Refused('', 504))).toBe('127.0.0.1:1 does not answer. Is it running?');
  expect(of(new Refused('user: no user', 400))).toBe('user: no user');
  expect(of(new Refused('', 413))).toBe('HTTP 413');
});

test('a picture is read large and then smaller, and a small one is made larger', () => {
  expect(sizes(1920, 1080)).toEqual([
    { width: 1920, height: 1080 },
    { width: 960, height: 540 },
  ]);
  expect(sizes(8000, 6000)[0]).toEqual({ width: 2400, height: 1800 });
  expect(sizes(8000, 6000)).toHaveLength(2);
  expect(sizes(100, 100)).toEqual([{ width: 480, height: 480 }]);
  expect(sizes(0, 0)).toEqual([{ width: 480, height: 480 }]);
  // However thin: a canvas without a side cannot be drawn on.
  expect(sizes(20_000, 1)).toEqual([{ width: 2400, height: 1 }]);
});

test('of what is dropped the first picture is taken, else the first file', () => {
  const [text, png, jpg] = [
    new File([], 'a', { type: 'text/plain' }),
    new File([], 'b', { type: 'image/png' }),
    new File([], 'c', { type: 'image/jpeg' }),
  ];
  expect(pictureIn({ files: [text, png, jpg] })).toBe(png);
  expect(pictureIn({ files: [text] })).toBe(text);
  expect(pictureIn({ files: [] })).toBeNull();
  expect(pictureIn(null)).toBeNull();
});

test('time is told as in a chat, by the clock of the simulator', () => {
  const at = new Date(2030, 0, 5, 9, 5).getTime();
  expect(when(at, new Date(2030, 0, 5, 23, 59).getTime())).toBe('09:05');
  expect(when(at, new Date(2030, 0, 6, 0, 0).getTime())).toBe('2030-01-05 09:05');
  expect(clock(at)).toBe('09:05');
  expect(briefly(at, new Date(2030, 0, 5, 23, 59).getTime())).toBe('09:05');
  expect(briefly(at, new Date(2030, 11, 31).getTime())).toBe('01-05');
  expect(briefly(at, new Date(2031, 0, 1).getTime())).toBe('2030-01-05');
  expect(nearly(0, 900)).toBe(0);
  expect(nearly(0, 3_600_000)).toBe(3_600_000);
  const before = { a: [1] };
  expect(same(before, { a: [1] })).toBe(before);
  expect(same(before, { a: [2] })).toEqual({ a: [2] });
});

test('a name keeps its direction to itself, and its first letter is one to its reader', () => {
  expect(apart('Bob')).toBe('Bob');
  expect(apart('爱丽丝 🌸')).toBe('爱丽丝 🌸');
  expect(apart('ليلى')).toBe('\u2068ليلى\u2069');
  expect(WORDS.en.switched('ליאור')).toContain('\u2068ליאור\u2069’s');
  expect(firstLetter('bob')).toBe('B');
  expect(firstLetter(' 爱丽丝')).toBe('爱');
  expect(firstLetter('👩‍👩‍👧 family')).toBe('👩‍👩‍👧');
  expect(firstLetter('🇨🇳')).toBe('🇨🇳');
  expect(firstLetter('')).toBe('');
});

test('who is out of the ordinary is told', () => {
  expect(traits(person('u1'), WORDS.en)).toEqual([]);
  const odd = person('u2', { snapshot: true, risky: true, unionid: null });
  expect(traits(odd, WORDS.en)).toEqual([WORDS.en.snapshot, WORDS.en.risky, WORDS.en.noUnionid]);
});

test('of a person that is changed only what was changed is told', () => {
  const form = (values: Record<string, string>) => (name: string) => values[name] ?? '';
  expect(profileOf(form({ nickname: ' Zoë ' }), undefined)).toEqual({ nickname: 'Zoë', phone: null });
  const given = { nickname: 'Z', phone: '13800138000', avatar: 'http://127.0.0.1/z.png' };
  expect(profileOf(form(given), undefined)).toEqual(given);
  const alice = person('u1', { avatar: 'https://thirdwx.qlogo.cn/x', phone: '1' });
  const same = { nickname: 'A', phone: '', avatar: alice.avatar };
  expect(profileOf(form(same), alice)).toEqual({ id: 'u1', nickname: 'A', phone: null });
  expect(profileOf(form({ ...same, avatar: '' }), alice)).toEqual({
    id: 'u1',
    nickname: 'A',
    phone: null,
    avatar: null,
  });
});

test('no language lacks a word, or says it in another', () => {
  const names = Object.keys(WORDS.en).sort();
  const flat = (said: unknown) => (typeof said === 'function' ? String(said('A', 'B')) : String(said));
  for (const language of ['zh', 'ru'] as const) {
    expect(Object.keys(WORDS[language]).sort()).toEqual(names);
    const letters = language === 'zh' ? /\p{Script=Han}/u : /\p{Script=Cyrillic}/u;
    for (const [name, said] of Object.entries(WORDS[language])) {
      expect(flat(said), name).toBeTruthy();
      // Names that are the same in every language.
      if (['addressHint', 'loginCode', 'code'].includes(name)) continue;
      expect(flat(said), `${name} in ${language}`).toMatch(letters);
      expect(typeof said).toBe(typeof WORDS.en[name as keyof typeof WORDS.en]);
    }
  }
  for (const [name, said] of Object.entries(WORDS.en))
    expect(flat(said), name).not.toMatch(/\p{Script=Han}/u);
});

test.each([
  ['?lang=ru', 'en-US', 'ru'],
  ['?lang=xx', 'ru-RU', 'ru'],
  ['', 'zh-TW', 'zh'],
  ['', 'de', 'zh'],
  ['?lang=toString', 'de', 'zh'],
] as const)('with %j and a browser of %s the phone speaks %s', (query, browser, language) => {
  history.replaceState(null, '', `/${query}`);
  Object.defineProperty(navigator, 'language', { configurable: true, get: () => browser });
  expect(firstLanguage()).toBe(language);
});
