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

async function open(language = 'en', width = 1280): Promise<Page> {
  const context = await world.browser.newContext({ viewport: { width, height: 950 } });
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
  await press(page, 'Hold the phone to the code');
  await view(page).getByRole('button', { name: '允许' }).click();
  await view(page).locator('button[value=confirm]').click();
  await ticked(page, 1);
  expect(await page.locator('.weir-name').textContent()).toContain('爱丽丝');

  await step(page, 2).getByRole('button').click();
  await view(page).getByRole('button', { name: 'Log in with WeChat' }).click();
  await view(page).getByRole('button', { name: '允许' }).click();
  await view(page).getByText('You are logged in').waitFor();
  await ticked(page, 2);

  await step(page, 3).getByRole('button').click();
  await view(page).getByRole('heading', { name: 'A flat with a view' }).waitFor();
  await ticked(page, 3);

  await press(page, 'Ask for a call');
  await ticked(page, 4);
  await page.getByRole('cell', { name: '13900139000' }).waitFor();
  await handset(page).getByText('13900139000').waitFor();
  await look(page, 'demo-done');

  // Once more: the same customer is the same lead.
  await press(page, 'Ask for a call');
  await handset(page).getByText('13900139000').nth(1).waitFor();
  expect(await page.getByRole('row').count()).toBe(2);
  expect(await barriers(page)).toEqual([]);
});

for (const [language, title] of Object.entries(TITLES)) {
  for (const width of [1280, 390]) {
    test(`in ${language}, ${width} wide, nothing stands in anybody's way`, async () => {
      const page = await open(language, width);
      await page.getByRole('heading', { level: 1, name: title }).waitFor();
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
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
