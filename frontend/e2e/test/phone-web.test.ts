import { createServer } from 'node:http';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { barriers } from './axe';
import { drop, handset, pressOn, scan, view } from './hand';
import { inAWorld, look, read, world } from './world';

const SHEETS = {
  en: {
    log: 'Log in with WeChat',
    asks: 'requests',
    allow: 'Allow',
    reject: 'Reject',
    refused: 'You did not allow it',
  },
  zh: { log: '微信授权登录', asks: '申请使用', allow: '允许', reject: '拒绝', refused: '你已拒绝授权' },
  ru: {
    log: 'Войти через WeChat',
    asks: 'запрашивает',
    allow: 'Разрешить',
    reject: 'Отклонить',
    refused: 'Вы не дали разрешения',
  },
} as const;

/** The phone as a browser: what pages get of WeChat there, and browsers that cannot show them. */
inAWorld();

/** The frame of the page that the phone shows. */
async function page(phone: Page) {
  const frame = await (await phone.locator('iframe').elementHandle())?.contentFrame();
  if (!frame) throw new Error('there is no page');
  return frame;
}

for (const [language, words] of Object.entries(SHEETS)) {
  test(`pages and sheets are in the phone's language (${language})`, async () => {
    const phone = await world.handset('carol', language);
    await phone.getByRole('navigation').waitFor();
    // A link, dropped: the page itself names no language.
    await phone.evaluate(
      `{
        const dataTransfer = new DataTransfer();
        dataTransfer.setData('text/plain', '${world.weir}/wechat/frontend-driven');
        document.body.dispatchEvent(new DragEvent('drop', { bubbles: true, cancelable: true, dataTransfer }));
      }`,
    );
    await view(phone).getByRole('button', { name: words.log }).click();
    await view(phone).getByText(words.asks).waitFor();
    await view(phone).getByRole('button', { name: words.allow }).waitFor();
    expect(await barriers(await page(phone))).toEqual([]);
    await look(phone, `phone-sheet-${language}`);
    await view(phone).getByRole('button', { name: words.reject }).click();
    await view(phone).getByText(words.refused).waitFor();
    expect(await barriers(await page(phone))).toEqual([]);
    await look(phone, `phone-refused-${language}`);
  });
}

test('nothing serious stands in the way in the dark', async () => {
  const phone = await world.handset('shade');
  await phone.emulateMedia({ colorScheme: 'dark' });
  await handset(phone).getByText('Service notifications').waitFor();
  expect(await barriers(phone)).toEqual([]);
  await pressOn(phone, 'Me');
  expect(await barriers(phone)).toEqual([]);
  await pressOn(phone, 'Edit');
  expect(await barriers(phone)).toEqual([]);
  await pressOn(phone, 'Back');
  await pressOn(phone, 'Discover');
  await pressOn(phone, 'mini');
  await pressOn(phone, 'Get a code');
  await phone.getByLabel('Code', { exact: true }).waitFor();
  expect(await barriers(phone)).toEqual([]);
  await pressOn(phone, 'Show the prompt');
  await phone.getByRole('dialog').waitFor();
  expect(await barriers(phone)).toEqual([]);
  await pressOn(phone, 'Reject');
  await pressOn(phone, 'Back');
  await scan(phone, 'WIFI:S:home;;');
  expect(await barriers(phone)).toEqual([]);
  await pressOn(phone, 'Back');
  await scan(phone, `${world.weir}/wechat/frontend-driven`);
  await view(phone).getByRole('button', { name: 'Log in with WeChat' }).click();
  await view(phone).getByRole('button', { name: 'Allow' }).waitFor();
  expect(await barriers(await page(phone))).toEqual([]);
  await pressOn(phone, 'More');
  expect(await barriers(phone)).toEqual([]);
  await look(phone, 'phone-dark');
});

test('a browser that finds no views says so, and goes on in a tab as the same person', async () => {
  const desk = await world.desk('701');
  await desk.getByRole('button', { name: 'Bind WeChat', exact: true }).click();
  const content = await read(desk.locator('img.weir-image'));
  const context = await world.browser.newContext({ viewport: { width: 390, height: 844 } });
  context.setDefaultTimeout(8_000);
  await context.route(/^http:\/\/[^/]*\.localhost[:/]/, (route) => route.abort());
  const phone = await context.newPage();
  await phone.goto(`${world.simulator}/?user=bob&lang=en`);
  await scan(phone, content);
  const alert = handset(phone).getByRole('alert');
  await alert.getByText('This browser does not find addresses that end in .localhost').waitFor();
  await alert.getByText('Open the page in a tab: you are Bob there too').waitFor();
  expect(await barriers(phone)).toEqual([]);
  await look(phone, 'phone-no-views');
  const popup = phone.waitForEvent('popup');
  await alert.getByRole('link', { name: 'Open in a tab' }).click();
  const tab = await popup;
  expect(await tab.locator('select option:checked').textContent()).toContain('(bob)');
  await tab.getByRole('button', { name: 'Allow' }).click();
  await tab.locator('button[value=confirm]').click();
  await desk.getByText('WeChat account bound.').first().waitFor();
  expect(await desk.locator('.weir-name').textContent()).toBe('Bob');
  await pressOn(phone, 'Close');
  await handset(phone).getByText('Service notifications').waitFor();
});

test('a page shows pictures, has codes scanned and closes itself', async () => {
  const phone = await world.handset('alice');
  await scan(phone, `${world.weir}/demo/?page=share&lang=en`);
  await view(phone).getByText('WeChat has taken the title and text of this page.').waitFor();
  const shown = await page(phone);
  await shown.evaluate(`{
    wx._sim.state.allowed.push('previewImage', 'scanQRCode', 'closeWindow');
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = 40;
    canvas.getContext('2d').fillRect(0, 0, 40, 40);
    picture = canvas.toDataURL();
    wx.previewImage({ current: picture, urls: [picture, '/nothing.png'] });
  }`);
  const dialog = phone.getByRole('dialog', { name: 'Picture 1 of 2' });
  await dialog.getByRole('img').waitFor();
  expect(await barriers(phone)).toEqual([]);
  await look(phone, 'phone-preview');
  await phone.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });

  const ask = `asked = new Promise((done) => wx.scanQRCode({
    needResult: 1,
    success: ({ resultStr }) => done(resultStr),
    cancel: ({ errMsg }) => done(errMsg),
  })); null`;
  await shown.evaluate(ask);
  await phone.getByText('Drop, paste or choose a picture of a QR code').first().waitFor();
  await look(phone, 'phone-lent');
  await phone.locator('#content').fill('TICKET-7');
  await phone.keyboard.press('Enter');
  expect(await shown.evaluate('asked')).toBe('TICKET-7');
  await shown.evaluate(ask);
  await phone.locator('#content').waitFor();
  await drop(phone, Buffer.from('no picture'), 'text/plain');
  await phone.getByText('This file is not a picture').waitFor();
  await phone.keyboard.press('Escape');
  expect(await shown.evaluate('asked')).toBe('scanQRCode:cancel');
  // Unless the page wants to know, the phone goes where the code leads.
  await shown.evaluate(`wx.scanQRCode({})`);
  await phone.locator('#content').fill(`${world.weir}/wechat/frontend-driven`);
  await phone.keyboard.press('Enter');
  await view(phone).getByRole('button', { name: 'Log in with WeChat' }).waitFor();

  await pressOn(phone, 'Close');
  await scan(phone, `${world.weir}/demo/?page=share&lang=en`);
  await view(phone).getByText('WeChat has taken the title and text of this page.').waitFor();
  await (await page(phone)).evaluate(`{
    wx._sim.state.allowed.push('closeWindow');
    wx.closeWindow();
  }`);
  await phone.locator('iframe').waitFor({ state: 'detached' });
});

test('a page reads its cookies by script, and hears events as they happen', async () => {
  const server = createServer((request, answer) => {
    if (request.url === '/events') {
      answer.writeHead(200, { 'Content-Type': 'text/event-stream' });
      // And nothing more: whoever waits for the end waits for ever.
      answer.write('data: soon\n\n');
      return;
    }
    answer.writeHead(200, {
      'Content-Type': 'text/html',
      'Set-Cookie': ['csrf=a1; Path=/; SameSite=Lax', 'seat=7; Path=/; HttpOnly'],
    });
    answer.end(`<title>x</title><p id="said"></p><script>
      new EventSource('/events').onmessage = ({ data }) => { said.textContent = data + ' ' + document.cookie; };
    </script>`);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  try {
    const { port } = server.address() as { port: number };
    const phone = await world.handset('alice');
    await scan(phone, `http://127.0.0.1:${port}/`);
    await view(phone).getByText('soon csrf=a1', { exact: true }).waitFor();
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test('a simulator that was away is told of, and the phone goes on', async () => {
  const phone = await world.handset('alice');
  await handset(phone).getByText('Service notifications').waitFor();
  await phone.route('**/_sim/**', (route) => route.abort());
  await handset(phone).getByText('The simulator does not answer.').waitFor();
  await look(phone, 'phone-down');
  await phone.unroute('**/_sim/**');
  await phone.getByRole('status').getByText('The simulator answers again.').waitFor();
  await scan(phone, `${world.weir}/wechat/frontend-driven`);
  await view(phone).getByRole('button', { name: 'Log in with WeChat' }).waitFor();
});
