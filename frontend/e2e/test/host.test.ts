import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { barriers } from './axe';
import { confirm, consent, inAWorld, look, press, read, world } from './world';

const picture = (page: Page) => page.locator('img.weir-image');
const WAYS = {
  en: { bind: 'Bind WeChat', unbind: 'Unbind', no: 'Keep it' },
  zh: { bind: '绑定微信', unbind: '解除绑定', no: '保留' },
  ru: { bind: 'Привязать WeChat', unbind: 'Отвязать', no: 'Оставить' },
};

inAWorld();

const see = (page: Page, text: string) => page.getByText(text).first().waitFor();

/** Binds with the phone, up to the end. */
async function bind(page: Page, who: string): Promise<void> {
  await press(page, 'Bind WeChat');
  const phone = await world.scan(await read(picture(page)));
  await consent(phone, who);
  await confirm(phone);
  await see(page, 'WeChat account bound.');
}

test('a code is scanned and confirmed, and the page shows it without being loaded again', async () => {
  const page = await world.desk('106');
  await see(page, 'No WeChat account is bound.');
  await page.evaluate('window.sameDocument = true');
  await press(page, 'Bind WeChat');
  const address = await read(picture(page));
  expect(address).toMatch(/\/s\/[\w-]{22,}$/);
  await look(page, 'code');
  const phone = await world.scan(address);
  await see(page, 'Scanned. Confirm on your phone.');
  await look(page, 'scanned');
  await consent(phone, 'alice');
  await look(phone, 'phone-confirm');
  expect(await page.getByRole('button', { name: 'Unbind' }).count()).toBe(0);
  await confirm(phone);
  await see(page, 'WeChat account bound.');
  await look(page, 'bound');
  expect(await page.locator('.weir-name').textContent()).toMatch(/\S/);
  expect(await picture(page).count()).toBe(0);

  await press(page, 'Unbind');
  await look(page, 'unbind');
  await press(page, 'Keep it');
  await press(page, 'Unbind');
  await press(page, 'Yes, unbind');
  await see(page, 'WeChat account unbound.');
  await see(page, 'No WeChat account is bound.');
  expect(await page.evaluate('window.sameDocument')).toBe(true);
});

test("somebody else's WeChat account is refused on the phone", async () => {
  const first = await world.desk('201');
  await bind(first, 'bob');
  const second = await world.desk('202');
  await press(second, 'Bind WeChat');
  const phone = await world.scan(await read(picture(second)));
  await consent(phone, 'bob');
  await confirm(phone);
  await see(phone, 'This WeChat account is already bound to another user.');
  await look(phone, 'phone-taken');
  expect(await second.locator('.weir-name').count()).toBe(0);
});

test('a code that is over is replaced at a press', async () => {
  const page = await world.desk('107');
  await press(page, 'Bind WeChat');
  const before = await read(picture(page));
  await world.advance(301);
  await see(page, 'This code is no longer good.');
  await look(page, 'expired');
  await press(page, 'Get a new code');
  await see(page, 'Scan with WeChat to bind your account');
  expect(await read(picture(page))).not.toBe(before);
});

test('whoever is bound signs in by a code', async () => {
  await bind(await world.desk('301'), 'carol');
  const page = await world.desk();
  await look(page, 'signed-out');
  await press(page, 'Sign in with WeChat');
  const phone = await world.scan(await read(picture(page)));
  await consent(phone, 'carol');
  await confirm(phone);
  await page.locator('.weir-name').waitFor();
  expect(await page.evaluate('localStorage.authToken')).toMatch(/^eyJ/);
});

test("another login's code and state in the address are left alone, beside a sign-in of ours", async () => {
  const context = await world.phone();
  const account = await world.behindOneOrigin(context);
  const page = await context.newPage();
  const exchanges: string[] = [];
  page.on('request', (request) => {
    if (request.url().endsWith('/auth/wechat')) exchanges.push(request.postData() ?? '');
  });
  await page.goto(`${account}?code=theirs&state=their-state`);
  const button = page.locator('.weir-login button');
  await button.waitFor();
  expect(new URL(page.url()).search).toBe('?code=theirs&state=their-state');
  expect(exchanges).toEqual([]);
  await button.click();
  await consent(page, 'alice');
  await page.locator('.weir-settings').waitFor();
  // WeChat has checked the signature of this address.
  await see(page, 'A friend who is sent this page sees its title and text.');
  await look(page, 'h5-signed-in');
  expect(exchanges).toHaveLength(1);
  expect(exchanges[0]).not.toContain('their');
  expect(new URL(page.url()).search).toBe('');
  expect(await page.evaluate('localStorage.authToken')).toMatch(/^eyJ/);
});

test.each(['en', 'zh', 'ru'] as const)("nothing serious stands in anybody's way (%s)", async (language) => {
  const words = WAYS[language];
  const signedOut = await world.desk(undefined, language);
  await signedOut.locator('.weir-login button').waitFor();
  expect(await barriers(signedOut)).toEqual([]);

  const page = await world.desk(`40${Object.keys(WAYS).indexOf(language)}`, language);
  await press(page, words.bind);
  await picture(page).waitFor();
  await look(page, `code-${language}`);
  expect(await barriers(page)).toEqual([]);
  const phone = await world.scan(await read(picture(page)));
  await consent(phone, 'nobody');
  expect(await barriers(phone)).toEqual([]);
  await confirm(phone);
  await press(page, words.unbind);
  await page.getByRole('button', { name: words.no }).waitFor();
  await look(page, `unbind-${language}`);
  expect(await barriers(page)).toEqual([]);
  // The next language binds the same person.
  await page.locator('.weir-danger').click();
  await page.locator('.weir-name').waitFor({ state: 'detached' });
});
