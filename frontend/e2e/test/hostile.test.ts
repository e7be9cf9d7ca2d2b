import { createServer, type RequestListener } from 'node:http';
import type { Page } from 'playwright-core';
import { afterEach, expect, test } from 'vitest';
import { view } from './hand';
import { consent, freePort, inAWorld, press, world } from './world';

inAWorld();

/** Whatever runs of it opens a dialog, and names it. */
const MARKUP = [
  `<img src=x onerror=alert('img')>`,
  `"></script><svg/onload=alert('svg')>`,
  `javascript:alert('scheme')//\u2028alert('line')//\u202e' onmouseover=alert('quote') x='`,
];
const ELSEWHERE = 'http://evil.example.com';

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** A site of this machine. */
async function site(answer: RequestListener): Promise<string> {
  const port = await freePort();
  const server = createServer(answer);
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
  ends.push(() => server.close());
  return `http://127.0.0.1:${port}`;
}

/** What has run that should not have. */
function alarms(page: Page): string[] {
  const heard: string[] = [];
  page.context().on('dialog', (dialog) => {
    heard.push(dialog.message());
    dialog.dismiss().catch(() => undefined);
  });
  return heard;
}

async function control(path: string, body: object): Promise<Record<string, unknown>> {
  const answer = await fetch(world.simulator + path, { method: 'POST', body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(await answer.text());
  return (await answer.json()) as Record<string, unknown>;
}

async function scan(phone: Page, content: string): Promise<void> {
  await phone.evaluate(
    `{
      const clipboardData = new DataTransfer();
      clipboardData.setData('text/plain', ${JSON.stringify(content)});
      document.body.dispatchEvent(new ClipboardEvent('paste', { bubbles: true, cancelable: true, clipboardData }));
    }`,
  );
}

test('names and texts of strangers are texts on every page', async () => {
  const phone = await world.handset('alice');
  const heard = alarms(phone);
  const official = 'wx2000000000000002';
  await control('/_sim/apps', { appid: official, name: MARKUP[0] });
  for (const [number, nickname] of MARKUP.entries()) {
    const name = `hostile${number}`;
    await control('/_sim/users', { name, nickname, avatar: MARKUP[2] });
    await phone.goto(`${phone.url().split('?')[0]}?user=${name}&lang=en`);
    await phone.getByText('Service notifications').waitFor();
    // The sheet, the page that logs in, and its person.
    await scan(phone, `${world.weir}/wechat/frontend-driven?lang=en`);
    await view(phone).getByRole('button', { name: 'Log in with WeChat' }).click();
    await view(phone).locator('button[value=allow]').click();
    await view(phone).getByText('You are logged in').waitFor();
    expect(await view(phone).locator('#nickname').textContent()).toBe(nickname);
  }
  await phone.goto(`${phone.url().split('?')[0]}?user=${encodeURIComponent(MARKUP[0] ?? '')}&lang=en`);
  await phone.getByText('Service notifications').waitFor();
  const desk = await world.desk('601');
  const onDesk = alarms(desk);
  await press(desk, 'Bind WeChat');
  const demo = await world.browser.newContext();
  const page = await demo.newPage();
  const onDemo = alarms(page);
  await page.goto(`${world.weir}/demo?lang=en`);
  await page.locator('input[name=name]').fill(MARKUP[1] ?? '');
  await press(page, 'Ask for a call');
  await page.getByRole('cell', { name: 'alert' }).waitFor();
  await page.frameLocator('.phone iframe').getByRole('article').first().waitFor();
  expect([heard, onDesk, onDemo].flat()).toEqual([]);
  await control('/_sim/apps', { appid: official, name: 'official' });
});

test('pages of phones are styled, though their policy lets in no style but theirs', async () => {
  const page = await (await world.phone()).newPage();
  await page.goto(`${world.weir}/s/unknown`);
  const roundness = "getComputedStyle(document.querySelector('.mark')).borderRadius";
  expect(await page.evaluate(roundness)).toBe('50%');
  await page.evaluate(
    `document.head.insertAdjacentHTML('beforeend', '<style>.mark{border-radius:7px}</style>')`,
  );
  expect(await page.evaluate(roundness)).toBe('50%');
});

test('a page that leads out of the phone is stopped, told and left again', async () => {
  const address = await site((request, response) => {
    response.setHeader('content-type', 'text/html');
    if (request.url === '/away') response.writeHead(302, { location: `${ELSEWHERE}/x` }).end();
    else response.end(`<title>start</title><a href="${ELSEWHERE}/y">out</a>`);
  });
  const phone = await world.handset('alice');
  const told = phone.getByRole('alert').getByText('The phone opens only pages of this computer');
  await scan(phone, `${address}/away`);
  await told.waitFor();
  await phone.getByRole('button', { name: 'Close', exact: true }).click();
  await scan(phone, `${address}/`);
  await view(phone).getByText('out').click();
  await told.waitFor();
  await phone.getByRole('button', { name: 'Back', exact: true }).click();
  await view(phone).getByText('out').waitFor();
});

test('a website that opens the phone cannot steer it', async () => {
  const context = await world.browser.newContext();
  const website = await context.newPage();
  // Not of this machine, as far as its name tells.
  await context.route(`${ELSEWHERE}/**`, (route) => route.fulfill({ contentType: 'text/html', body: 'x' }));
  await website.goto(ELSEWHERE);
  const opened = context.waitForEvent('page');
  const home = world.simulator.replace('127.0.0.1', 'phone.weir.localhost');
  await website.evaluate(`phone = open('${home}/?user=alice&lang=en')`);
  const phone = await opened;
  await phone.getByText('Service notifications').waitFor();
  await website.evaluate(`phone.postMessage({ type: 'weir:messages' }, '*')`);
  await website.evaluate(`phone.postMessage({ type: 'weir:user', user: 'bob' }, '*')`);
  await website.evaluate(`phone.postMessage({ type: 'weir:scan', content: '${world.weir}/docs/' }, '*')`);
  // What is heard is done at once, so that a word of its own comes after.
  await phone.getByRole('complementary').getByRole('button', { name: 'carol' }).click();
  await phone.getByText('This is 卡罗尔’s phone now.').waitFor();
  expect(await phone.getByText('This is Bob').count()).toBe(0);
  expect(phone.frames()).toHaveLength(1);
});

test('where storage is denied, the page that logs in says so in the words of its reader', async () => {
  for (const [language, words] of [
    ['en', 'allow cookies and storage'],
    ['ru', 'разрешите cookie и хранилище'],
    ['zh', '请允许 Cookie 和存储'],
  ]) {
    const context = await world.phone();
    await context.addInitScript(() => {
      Storage.prototype.setItem = () => {
        throw new DOMException('full', 'QuotaExceededError');
      };
    });
    const page = await context.newPage();
    await page.goto(`${world.weir}/wechat/frontend-driven?lang=${language}`);
    await page.getByRole('alert').getByText(`${words}`).waitFor();
    await page.getByRole('button').first().click();
    await page.getByRole('alert').getByText(`${words}`).waitFor();
  }
});

test('a link with another openid forgets nobody', async () => {
  const page = await (await world.phone()).newPage();
  await page.goto(`${world.weir}/wechat/frontend-driven?lang=en`);
  await press(page, 'Log in with WeChat');
  await consent(page, 'alice');
  await page.getByText('You are logged in').waitFor();
  await page.goto(`${world.weir}/wechat/frontend-driven?lang=en#openid=somebody-else`);
  await page.getByText('Please log in').waitFor();
  await page.reload();
  await page.getByText('You are logged in').waitFor();
});

test('a consent that is given twice is refused in the words of its reader, and does not lock the page', async () => {
  const page = await (await world.phone()).newPage();
  await page.goto(`${world.weir}/wechat/frontend-driven?lang=en`);
  await press(page, 'Log in with WeChat');
  await consent(page, 'alice');
  await page.getByText('You are logged in').waitFor();
  await page.goBack();
  await page.locator('button[value=allow]').click();
  await page.getByRole('alert').getByText('This login was used already').waitFor();
  await page.reload();
  await page.getByText('You are logged in').waitFor();
  // A browser that keeps the page as it was left shows it with its buttons dead.
  await page.evaluate(`{
    document.getElementById('again').disabled = true;
    dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));
  }`);
  await press(page, 'Log in again');
  await consent(page, 'alice');
  await page.getByText('You are logged in').waitFor();
});

for (const fault of [
  { kind: 'errcode', errcode: -1 },
  { kind: 'http_status', status: 502 },
  { kind: 'garbage', form: 'html' },
  { kind: 'disconnect' },
]) {
  test(`WeChat's ${Object.values(fault).join(' ')} is told, and the next login works`, async () => {
    const page = await (await world.phone()).newPage();
    await page.goto(`${world.weir}/wechat/frontend-driven?lang=en`);
    await control('/_sim/faults', { path: '/sns/oauth2/access_token', times: 1, ...fault });
    await press(page, 'Log in with WeChat');
    await consent(page, 'alice');
    await page.getByRole('alert').getByText('WeChat did not let you in or does not answer').waitFor();
    await press(page, 'Log in with WeChat');
    await consent(page, 'alice');
    await page.getByText('You are logged in').waitFor();
  });
}

test('what a demo does not do is told in the words of its reader', async () => {
  for (const [language, sorry, words] of [
    ['en', 'That did not work. Try again', 'The demo does not answer'],
    ['ru', 'Попробуйте снова', 'Демо не отвечает'],
    ['zh', '未成功，请重试', '演示没有响应'],
  ] as const) {
    const page = await (await world.browser.newContext()).newPage();
    await page.goto(`${world.weir}/demo?lang=${language}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await control('/_sim/faults', { path: '/sns/jscode2session', kind: 'garbage', form: 'html', times: 1 });
    await page.locator('form button').click();
    // What the server says is in Chinese, so the page says something too.
    await page.getByRole('alert').getByText(sorry).waitFor();
    await page.route('**/_sim/subscribe', (route) => route.abort());
    await page.locator('form button').click();
    await page.getByRole('alert').getByText(words).waitFor();
  }
});

test('a simulator that answers nonsense is told, and it goes on when that is over', async () => {
  const phone = await world.handset('alice');
  const told = phone.getByText('The simulator does not answer.').first();
  for (const answer of [
    { status: 500, json: {} },
    { contentType: 'text/html', body: '<h1>proxy</h1>' },
  ]) {
    await phone.route('**/_sim/**', (route) => route.fulfill(answer));
    await phone.reload();
    await told.waitFor();
    await phone.unroute('**/_sim/**');
    await phone.getByText('Service notifications').waitFor();
  }
});

test('a demo that was started again gives its page another key', async () => {
  const page = await (await world.browser.newContext()).newPage();
  await page.goto(`${world.weir}/demo?lang=en`);
  await page.getByRole('heading', { level: 1 }).waitFor();
  let refusals = 2;
  await page.route('**/api/leads', (route) =>
    refusals-- > 0
      ? route.fulfill({ status: 401, json: { success: false, message: 'unknown key' } })
      : route.continue(),
  );
  const renewed = page.waitForRequest('**/demo/session');
  await press(page, 'Ask for a call');
  await renewed;
  await page.waitForResponse((answer) => answer.url().endsWith('/api/leads') && answer.status() === 200);
});
