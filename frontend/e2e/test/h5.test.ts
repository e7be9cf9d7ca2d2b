import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { barriers } from './axe';
import { consent, inAWorld, look, press, world } from './world';

const DAY = 86_400;
const WAYS = {
  'zh-CN': { welcome: '请授权以继续', login: '微信授权登录' },
  en: { welcome: 'Log in to go on', login: 'Log in with WeChat' },
  ru: { welcome: 'Войдите, чтобы продолжить', login: 'Войти через WeChat' },
};

inAWorld();

const says = (page: Page, text: string) => page.getByRole('status').getByText(text).waitFor();
const address = () => `${world.weir}/wechat/frontend-driven`;

async function open(query = '?lang=en'): Promise<Page> {
  const page = await (await world.phone()).newPage();
  await page.goto(address() + query);
  return page;
}

async function logIn(page: Page): Promise<void> {
  await press(page, 'Log in with WeChat');
  await consent(page, 'alice');
  await says(page, 'You are logged in');
}

for (const [language, words] of Object.entries(WAYS)) {
  test(`in ${language} nothing stands in anybody's way`, async () => {
    const page = await open(`?lang=${language}`);
    await says(page, words.welcome);
    expect(await page.locator('html').getAttribute('lang')).toBe(language);
    expect(await barriers(page)).toEqual([]);
    await look(page, `h5-${language}`);
    await press(page, words.login);
    await consent(page, 'alice');
    await page.locator('#nickname').getByText('爱丽丝').waitFor();
    // The language has come along to WeChat and back.
    expect(await page.locator('html').getAttribute('lang')).toBe(language);
    expect(await barriers(page)).toEqual([]);
    await look(page, `h5-user-${language}`);
  });
}

test('a login leaves no code in the address and holds after a reload', async () => {
  const page = await open();
  await logIn(page);
  expect(page.url()).toBe(address());
  await page.reload();
  await says(page, 'You are logged in');
  expect(await page.locator('#openid').textContent()).toMatch(/^o[\w-]{27}$/);
  // Another browser that knows the openid is told nothing.
  const other = await open();
  const openid = await page.evaluate("localStorage.getItem('wechat_openid')");
  await other.evaluate(`localStorage.setItem('wechat_openid', ${JSON.stringify(openid)})`);
  await other.reload();
  await says(other, 'Please log in');
  expect(await other.locator('#user').isVisible()).toBe(false);
});

test('after a day the page asks WeChat again by itself, and again when it is told to', async () => {
  const page = await open();
  await logIn(page);
  await world.advance(DAY + 1);
  await page.reload();
  await page.locator('button[value=allow]').waitFor();
  // Whoever goes back is asked, and not sent there again.
  await page.goBack();
  await says(page, 'Your login is over, please log in again');
  await press(page, 'Log in with WeChat');
  await consent(page, 'alice');
  await says(page, 'You are logged in');
  // And the next day as on the first.
  await world.advance(DAY + 1);
  await page.reload();
  await consent(page, 'alice');
  await says(page, 'You are logged in');
  await press(page, 'Log in again');
  await consent(page, 'bob');
  await page.locator('#nickname').getByText('Bob').waitFor();
});

test('a page that some browser shows as it was left, waiting for WeChat, waits no longer', async () => {
  const page = await open();
  await says(page, 'Log in to go on');
  await page.evaluate(`{
    for (const id of ['login', 'again']) document.getElementById(id).disabled = true;
    document.getElementById('login').hidden = true;
    document.getElementById('status').textContent = 'Your login is over, logging in again…';
    dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));
  }`);
  await says(page, 'Log in to go on');
  await logIn(page);
});

test('a page that is open all day asks WeChat again when somebody comes back to it, not before', async () => {
  const page = await open();
  await logIn(page);
  const comesBack = async () => {
    const asked = page.waitForResponse((answer) => answer.url().includes('/api/user/'));
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
    await asked;
  };
  await world.advance(DAY - 60);
  await comesBack();
  await says(page, 'You are logged in');
  expect(page.url()).toBe(address());
  await page.route('**/api/user/**', (route) => route.fulfill({ status: 502, body: '<h1>Bad gateway</h1>' }));
  await comesBack();
  expect(await page.locator('#nickname').isVisible()).toBe(true);
  await says(page, 'You are logged in');
  await page.unroute('**/api/user/**');
  await world.advance(60);
  await comesBack();
  await consent(page, 'alice');
  await says(page, 'You are logged in');
});

test('links of somebody else log nobody in, and failures say what to do', async () => {
  const page = await open('?code=of-somebody-else&state=of-somebody-else&lang=en');
  await says(page, 'The login failed');
  await page.getByRole('alert').getByText('was not made by this page').waitFor();
  expect(page.url()).toBe(address());
  expect(await barriers(page)).toEqual([]);
  await page.route('**/api/wechat/authorize-url**', (route) => route.abort());
  await press(page, 'Log in with WeChat');
  await page.getByRole('alert').getByText('check the network').waitFor();
  await page.unroute('**/api/wechat/authorize-url**');
  await page.route('**/api/wechat/authorize-url**', (route) =>
    route.fulfill({ status: 502, contentType: 'text/html', body: '<h1>Bad gateway</h1>' }),
  );
  await press(page, 'Log in with WeChat');
  await page.getByRole('alert').getByText('HTTP 502').waitFor();
  await page.unroute('**/api/wechat/authorize-url**');
  await logIn(page);
});
