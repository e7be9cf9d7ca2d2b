import type { FrameLocator, Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { barriers } from './axe';
import { inAWorld, look, press, world } from './world';

const TITLES = {
  en: 'Weir: WeChat in your application',
  zh: 'Weir：让您的应用接入微信',
  ru: 'Weir: WeChat в вашем приложении',
};

inAWorld();

const step = (page: Page, number: number) => page.locator(`.step:nth-child(${number})`);
const handset = (page: Page): FrameLocator => page.frameLocator('.phone iframe');
const view = (page: Page): FrameLocator => handset(page).frameLocator('iframe');
const ticked = (page: Page, number: number) =>
  page.locator(`.step.done:nth-child(${number}) .happened`).waitFor();

const agree = (page: Page) => view(page).locator('button[value=allow]').click();

/** As high as a browser's window is on a small laptop. */
async function open(language = 'en', width = 1280, height = 720): Promise<Page> {
  const context = await world.browser.newContext({ viewport: { width, height } });
  context.setDefaultTimeout(8_000);
  const page = await context.newPage();
  await page.goto(`${world.weir}/demo?lang=${language}`);
  await page.getByRole('heading', { level: 1 }).waitFor();
  return page;
}

test('the front door leads to it, and it moves to the site of the phone', async () => {
  const page = await (await world.browser.newContext()).newPage();
  await page.goto(world.weir);
  await page.waitForURL(/^http:\/\/demo\.weir\.localhost:\d+\/demo\/$/);
  await handset(page).locator('#root > *').first().waitFor();
});

test('four steps, each done with the phone and ticked by the server', async () => {
  const page = await open();
  expect(await page.locator('.step.done').count()).toBe(0);
  await look(page, 'demo-first');

  await press(page, 'Bind WeChat');
  await press(page, 'Scan it with Alice’s phone');
  await agree(page);
  await view(page).locator('button[value=confirm]').click();
  await ticked(page, 1);
  expect(await page.locator('.weir-name').textContent()).toContain('爱丽丝');

  await step(page, 2).getByRole('button').click();
  await view(page).getByRole('button', { name: 'Log in with WeChat' }).click();
  await agree(page);
  await view(page).getByText('You are logged in').waitFor();
  await ticked(page, 2);

  await step(page, 3).getByRole('button').click();
  await view(page).getByRole('heading', { name: 'A flat with a view' }).waitFor();
  await ticked(page, 3);

  await press(page, 'Ask for a call');
  const place = await page.evaluate('scrollY');
  await ticked(page, 4);
  await page.getByText(/CUS\d+ is a new lead; the message was delivered/).waitFor();
  await page.getByRole('cell', { name: '13900139000' }).waitFor();
  await handset(page).getByText('13900139000').waitFor();
  await page.getByRole('heading', { name: 'All four done' }).waitFor();
  await look(page, 'demo-done');

  // Once more: the same customer is the same lead.
  await press(page, 'Ask for a call');
  await handset(page).getByText('13900139000').nth(1).waitFor();
  await page.getByText('is the same lead as before').waitFor();
  expect(await page.getByRole('row').count()).toBe(2);
  expect(await barriers(page)).toEqual([]);
  // What comes on the phone leaves the page where it is.
  expect(await page.evaluate('scrollY')).toBe(place);

  await page.reload();
  for (const number of [1, 2, 3, 4]) await ticked(page, number);
});

test('the whole phone is in sight', async () => {
  for (const width of [1440, 1024]) {
    const page = await open('en', width);
    const place = await page.locator('.phone iframe').boundingBox();
    expect(place && place.y >= 0 && place.y + place.height <= 720).toBe(true);
  }
});

test('a code that is over is not held to the phone', async () => {
  const page = await open();
  await press(page, 'Unbind');
  await press(page, 'Yes, unbind');
  await press(page, 'Bind WeChat');
  const scan = page.getByRole('button', { name: 'Scan it with Alice’s phone' });
  await scan.and(page.locator(':enabled')).waitFor();
  await world.advance(301);
  await page.getByRole('button', { name: 'Get a new code' }).waitFor();
  await scan.and(page.locator(':disabled')).waitFor();
});

test('a number that is none makes no lead, and the message is on Alice’s phone whoever had it', async () => {
  const page = await open();
  await handset(page).getByRole('button', { name: 'Me', exact: true }).click();
  await handset(page).getByRole('button', { name: /^Bob/ }).click();
  await page.locator('input[name=phone]').fill('123');
  await press(page, 'Ask for a call');
  await page.getByText('no lead, as “123” is no Chinese mobile number; the message was delivered').waitFor();
  await handset(page).locator('.message').getByText('123', { exact: true }).waitFor();
});

test('on a phone’s own screen the site and the phone take turns', async () => {
  const page = await open('en', 390, 844);
  const back = page.getByRole('button', { name: 'Done: back to your site' });
  await step(page, 3).getByRole('button').click();
  await view(page).getByRole('heading', { name: 'A flat with a view' }).waitFor();
  expect(await page.getByRole('heading', { level: 1 }).isVisible()).toBe(false);
  expect(await barriers(page)).toEqual([]);
  await back.click();
  await step(page, 3).getByRole('button').waitFor();
  expect(await page.evaluate('scrollY')).toBeGreaterThan(200);
  await press(page, 'Alice’s phone');
  await view(page).getByRole('heading', { name: 'A flat with a view' }).waitFor();
});

test('a demo that is stopped is missed, and found again', async () => {
  const page = await open();
  await page.route('**/_sim/health', (route) => route.abort());
  const missing = page.getByRole('alert').getByText('The demo does not answer.');
  await missing.waitFor();
  await page.unroute('**/_sim/health');
  await missing.waitFor({ state: 'detached' });
});

for (const [language, title] of Object.entries(TITLES)) {
  for (const width of [1280, 390]) {
    test(`in ${language}, ${width} wide, nothing stands in anybody's way`, async () => {
      const page = await open(language, width);
      await page.getByRole('heading', { level: 1, name: title }).waitFor();
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
      if (width < 900) await page.locator('.sides-nav button').last().click();
      await handset(page).locator('#root > *').first().waitFor();
      expect(await barriers(page)).toEqual([]);
      await look(page, `demo-${language}-${width}`);
    });
  }
}

test('another language leaves the page that the phone shows', async () => {
  const page = await open();
  await step(page, 2).getByRole('button').click();
  await view(page).getByRole('button', { name: 'Log in with WeChat' }).waitFor();
  await page.locator('select').selectOption('ru');
  await page.getByRole('heading', { level: 1, name: TITLES.ru }).waitFor();
  await view(page).getByRole('button', { name: 'Log in with WeChat' }).waitFor();
});

test('what goes wrong is told', async () => {
  const page = await open();
  await page.route('**/api/customer/action', (route) =>
    route.fulfill({ status: 503, json: { success: false, message: 'Try again later' } }),
  );
  await press(page, 'Ask for a call');
  await page.getByRole('alert').getByText('Try again later').waitFor();
  expect(await barriers(page)).toEqual([]);
  const other = await (await world.browser.newContext()).newPage();
  await other.route('**/demo/session', (route) => route.abort());
  await other.goto(`${world.weir}/demo/?lang=en`);
  await other.getByRole('alert').getByText('is weir demo still running?').waitFor();
});
