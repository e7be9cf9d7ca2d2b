import { expect, test } from 'vitest';
import { barriers } from './axe';
import { drop, handset, pressOn as press, scan, view } from './hand';
import { inAWorld, look, read, world } from './world';

const ADVISOR = 'ADV-PHONE';
const TEMPLATE = 'TMPL_DEMO_ACTION';
const WAYS = {
  en: {
    discover: 'Discover',
    scan: 'Scan',
    me: 'Me',
    ask: 'Show the prompt',
    services: 'Service notifications',
  },
  zh: { discover: '发现', scan: '扫一扫', me: '我', ask: '弹出订阅请求', services: '服务通知' },
  ru: {
    discover: 'Обзор',
    scan: 'Сканировать',
    me: 'Я',
    ask: 'Показать запрос',
    services: 'Уведомления служб',
  },
} as const;

inAWorld();

async function post(url: string, body: object, token?: string): Promise<Record<string, unknown>> {
  const headers: Record<string, string> = { 'Content-Type': 'application/json' };
  if (token) headers.Authorization = `Bearer ${token}`;
  const answer = await fetch(url, { method: 'POST', body: JSON.stringify(body), headers });
  const said = (await answer.json()) as { data?: Record<string, unknown> };
  if (!answer.ok) throw new Error(`${url}: ${JSON.stringify(said)}`);
  return said.data ?? (said as Record<string, unknown>);
}

test('a screenshot with a code is dropped on the phone, and the host page is bound', async () => {
  const desk = await world.desk('501');
  await desk.getByRole('button', { name: 'Bind WeChat', exact: true }).click();
  await read(desk.locator('img.weir-image'));
  const phone = await world.handset('carol');
  await phone.getByText('Service notifications').waitFor();
  // The whole screen, not only the code.
  await drop(phone, await desk.screenshot(), 'image/png');
  const allow = view(phone).getByRole('button', { name: 'Allow' });
  await allow.waitFor();
  // Whose phone it is is known: nobody else can be chosen.
  await view(phone).getByText('卡罗尔').waitFor();
  expect(await view(phone).locator('select').count()).toBe(0);
  await look(phone, 'phone-consent');
  await allow.click();
  await view(phone).locator('button[value=confirm]').click();
  await desk.getByText('WeChat account bound.').first().waitFor();
  expect(await desk.locator('.weir-name').textContent()).toBe('卡罗尔');
  await look(phone, 'phone-bound');
});

test('each person has a browser of their own: one logs in, the other does not, and it lasts', async () => {
  const phone = await world.handset('alice');
  const address = `${world.weir}/wechat/frontend-driven?lang=en`;
  await scan(phone, address);
  await view(phone).getByRole('button', { name: 'Log in with WeChat' }).click();
  await view(phone).getByRole('button', { name: 'Reject' }).click();
  await view(phone).getByText('You did not allow it').waitFor();
  await press(phone, 'Back');
  await press(phone, 'Back');
  await view(phone).getByRole('button', { name: 'Log in with WeChat' }).click();
  await view(phone).getByRole('button', { name: 'Allow' }).click();
  await view(phone).getByText('You are logged in').waitFor();
  await phone.getByRole('heading', { name: 'WeChat login' }).waitFor();
  await press(phone, 'Close');

  await scan(phone, address);
  await view(phone).getByText('You are logged in').waitFor();
  await phone.getByRole('complementary').getByRole('button', { name: 'bob' }).click();
  await scan(phone, address);
  await view(phone).getByRole('button', { name: 'Log in with WeChat' }).waitFor();
  await press(phone, 'Close');
  await phone.getByRole('complementary').getByRole('button', { name: 'alice' }).click();
  await scan(phone, address);
  await view(phone).getByText('You are logged in').waitFor();
});

test('a website is signed in to by a picture that is chosen, and a link is pasted', async () => {
  const asked = {
    appid: 'wx3000000000000003',
    redirect_uri: `${world.page}signed-in`,
    response_type: 'code',
    scope: 'snsapi_login',
    state: 'mine',
  };
  const context = await world.browser.newContext();
  const site = await context.newPage();
  await site.goto(`${world.simulator}/connect/qrconnect?${new URLSearchParams(asked)}`);
  expect(await barriers(site)).toEqual([]);
  const picture = await site.locator('img').screenshot();
  const sheet = await world.scan(await read(site.locator('img')));
  expect(await barriers(sheet)).toEqual([]);
  await look(sheet, 'phone-sheet');
  const phone = await world.handset('bob');
  await press(phone, 'Scan');
  await phone
    .locator('input[type=file]')
    .setInputFiles({ name: 'code.png', mimeType: 'image/png', buffer: picture });
  await view(phone).getByRole('button', { name: 'Allow' }).waitFor();
  await site.getByText('扫描成功').waitFor();
  await view(phone).getByRole('button', { name: 'Allow' }).click();
  await view(phone).getByText('Logged in').waitFor();
  await site.waitForURL(/\/signed-in\?code=\w+&state=mine$/);
  await press(phone, 'Close');
  await phone.evaluate(
    `{
      const clipboardData = new DataTransfer();
      clipboardData.setData('text/plain', '${world.weir}/wechat/frontend-driven?lang=en');
      document.body.dispatchEvent(new ClipboardEvent('paste', { bubbles: true, cancelable: true, clipboardData }));
    }`,
  );
  await view(phone).getByRole('button', { name: 'Log in with WeChat' }).waitFor();
});

test('a page in the phone has wx, and its card is what a friend sees', async () => {
  const phone = await world.handset('alice');
  await scan(phone, `${world.weir}/demo/?page=share&lang=en`);
  await view(phone).getByText('WeChat has taken the title and text of this page.').waitFor();
  await press(phone, 'More');
  await phone.getByText(`Provided by ${new URL(world.weir).host}`).waitFor();
  await press(phone, 'Send to a friend');
  const card = phone.getByRole('dialog').getByRole('article');
  expect(await card.getByRole('heading').textContent()).toBe('A flat with a view');
  expect(await card.textContent()).toContain(`${world.weir}/demo/`);
  await look(phone, 'phone-share');
});

test('whoever accepts a prompt gets the message as a card, once', async () => {
  const phone = await world.handset('alice');
  await press(phone, 'Discover');
  await press(phone, 'mini');
  await press(phone, 'Get a code');
  const code = await phone.getByLabel('Code', { exact: true }).inputValue();
  expect(code).toHaveLength(32);
  const advisor = await post(`${world.weir}/api/wechat/openid`, { code });

  await press(phone, 'Show the prompt');
  await phone.getByRole('dialog').getByRole('checkbox').nth(1).uncheck();
  await look(phone, 'phone-prompt');
  await press(phone, 'Allow');
  await phone.getByRole('status').getByText('1 allowed, 1 rejected.').waitFor();
  await handset(phone).getByText('may be sent: 1').waitFor();
  await press(phone, 'Back');

  const wanted = { advisorId: ADVISOR, openid: advisor.openid, templateId: TEMPLATE, subscribed: true };
  const subscribeData = { source: 'miniprogram', subscriptionStatus: 'accept' };
  await post(`${world.weir}/api/advisor/subscribe`, { ...wanted, subscribeData }, String(advisor.token));
  const login = await post(`${world.simulator}/_sim/login-code`, { appid: 'mini', user: 'bob' });
  const customer = await post(`${world.weir}/api/wechat/openid`, { code: login.code });
  const action = {
    customerId: customer.openid,
    advisorId: ADVISOR,
    actionType: 'contact_advisor',
    actionData: {},
  };
  const named = { customerName: 'Bob', customerPhone: '13900139000' };
  await post(`${world.weir}/api/customer/action`, { ...action, ...named }, String(customer.token));

  await handset(phone).getByRole('img', { name: '1 unread' }).first().waitFor();
  await phone.getByRole('navigation').getByRole('button', { name: 'Chats' }).click();
  await look(phone, 'phone-unread');
  await handset(phone).getByText('Service notifications').click();
  const card = phone.getByRole('article');
  await card.getByText('客户行为通知').waitFor();
  expect(await card.textContent()).toContain('13900139000');
  expect(await card.count()).toBe(1);
  await look(phone, 'phone-message');
  expect(await barriers(phone)).toEqual([]);
  await press(phone, 'Back');
  expect(await handset(phone).getByRole('img', { name: 'unread' }).count()).toBe(0);
  await press(phone, 'Discover');
  await press(phone, 'mini');
  await handset(phone).getByText('may be sent: 0').waitFor();
});

test('what cannot be scanned is told', async () => {
  const phone = await world.handset('alice');
  const alert = handset(phone).getByRole('alert');
  await phone.getByText('Service notifications').waitFor();
  await drop(phone, await phone.screenshot(), 'image/png');
  await alert.getByText('There is no QR code in this picture').waitFor();
  await drop(phone, Buffer.from('no picture at all'), 'text/plain');
  await alert.getByText('This file is not a picture').waitFor();
  await phone.locator('#content').fill('WIFI:S:home;;');
  await press(phone, 'Open');
  await alert.getByText('The code is not an address.').waitFor();
  await alert.getByText('WIFI:S:home;;').waitFor();
  expect(await barriers(phone)).toEqual([]);
  for (const foreign of ['http://example.com/x', 'https://127.0.0.1/x', `${world.weir}@example.com/`]) {
    await press(phone, 'Back');
    await scan(phone, foreign);
    await alert.getByText('The phone opens only pages of this computer').waitFor();
    await press(phone, 'Close');
    await press(phone, 'Scan');
  }
  await phone.keyboard.press('Escape');
  await scan(phone, 'http://127.0.0.1:1/');
  await alert.getByText('127.0.0.1:1 does not answer. Is it running?').waitFor();
  await phone.route('**/_sim/**', (route) => route.abort());
  await handset(phone).getByText('The simulator does not answer.').waitFor();
});

test('the page around the phone steers it, and hears of it; a page on it cannot', async () => {
  const phone = await world.handset('alice');
  // Of the phone's own site, as /demo is: this Chromium keeps no storage for frames of others.
  await phone.goto(world.page.replace('127.0.0.1', 'around.weir.localhost'));
  await phone.evaluate(`
    heard = [];
    addEventListener('message', ({ data }) => heard.push(data));
    tell = (message) => frames[0].postMessage(message, '*');
    document.body.innerHTML =
      '<iframe src="${world.simulator.replace('127.0.0.1', 'phone.weir.localhost')}/?user=alice&lang=en" style="width:410px;height:840px;border:0"></iframe>';
  `);
  const heard = (type: string, part = '') =>
    phone.waitForFunction(
      `heard.some((one) => one.type === '${type}' && JSON.stringify(one).includes('${part}'))`,
    );
  await heard('weir:phone-ready');
  const inside = phone.frameLocator('iframe');
  await inside.getByText('Service notifications').waitFor();
  await phone.evaluate(`tell({ type: 'weir:user', user: 'bob' })`);
  await inside.getByText('This is Bob’s phone now.').waitFor();
  await phone.evaluate(
    `tell({ type: 'weir:scan', content: '${world.weir}/wechat/frontend-driven?lang=en' })`,
  );
  await heard('weir:phone-page', 'WeChat login');
  const page = inside.frameLocator('iframe');
  await page.getByRole('button', { name: 'Log in with WeChat' }).click();
  await page.getByRole('button', { name: 'Allow' }).click();
  await page.getByText('You are logged in').waitFor();
  await look(phone, 'phone-framed');
  await page
    .locator('body')
    .evaluate(() => window.parent.postMessage({ type: 'weir:user', user: 'carol' }, '*'));
  // The page stays where it is.
  await phone.evaluate(`tell({ type: 'weir:language', language: 'ru' })`);
  await inside.getByRole('button', { name: 'Закрыть' }).waitFor();
  await page.getByText('You are logged in').waitFor();
  await phone.evaluate(`tell({ type: 'weir:language', language: 'en' })`);
  await phone.evaluate(`tell({ type: 'weir:messages' })`);
  await inside.getByRole('region', { name: 'Service notifications' }).waitFor();
  await inside.getByRole('button', { name: 'Back' }).click();
  await inside.getByRole('button', { name: 'Me', exact: true }).click();
  await inside.getByText('bob · 13800138001').waitFor();
});

for (const [language, words] of Object.entries(WAYS)) {
  test(`nothing serious stands in anybody's way (${language})`, async () => {
    const phone = await world.handset('bob', language);
    await handset(phone).getByText(words.services).waitFor();
    expect(await phone.locator('html').getAttribute('lang')).toBe(language === 'zh' ? 'zh-CN' : language);
    expect(await barriers(phone)).toEqual([]);
    await look(phone, `phone-${language}`);
    await press(phone, words.me);
    expect(await barriers(phone)).toEqual([]);
    await look(phone, `phone-me-${language}`);
    await press(phone, words.discover);
    expect(await barriers(phone)).toEqual([]);
    await press(phone, 'mini');
    await press(phone, words.ask);
    await phone.getByRole('dialog').waitFor();
    expect(await barriers(phone)).toEqual([]);
    await look(phone, `phone-prompt-${language}`);
    // By keyboard alone: out of the prompt, back to the tabs, on to the scanner and to a page.
    await phone.keyboard.press('Escape');
    await phone.keyboard.press('Escape');
    await handset(phone).getByRole('button', { name: words.scan, exact: true }).first().focus();
    await phone.keyboard.press('Enter');
    await phone.locator('#content').waitFor();
    expect(await barriers(phone)).toEqual([]);
    await look(phone, `phone-scan-${language}`);
    await phone.locator('#content').focus();
    await phone.keyboard.type(`${world.weir}/wechat/frontend-driven?lang=${language}`);
    await phone.keyboard.press('Enter');
    await view(phone).getByRole('button').first().waitFor();
    expect(await barriers(phone)).toEqual([]);
    await phone.setViewportSize({ width: 390, height: 844 });
    await look(phone, `phone-narrow-${language}`);
    expect(await barriers(phone)).toEqual([]);
  });
}
