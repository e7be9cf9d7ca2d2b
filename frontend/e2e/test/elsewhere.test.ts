import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bundled, hostToken, type Served, type Sites, serve, sites } from './elsewhere';
import { confirm, consent, inAWorld, look, press, read, world } from './world';

// @weir/react on a site of another origin than Weir, against a server as it is in earnest.
inAWorld();

let all: Sites;
/** Names the origins of its pages, and one that lets every page call. */
let servers: Record<'named' | '*', Served>;

beforeAll(async () => {
  all = await sites(await bundled('elsewhere.tsx'));
  const domains = ['127.0.0.1', 'shop.localhost'];
  await fetch(`${world.simulator}/_sim/apps`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ name: 'official', callback_domains: domains, jssdk_domains: domains }),
  });
  const settings = { WEIR_WEB__REDIRECTS: `${all.shop}/`, WEIR_WEB__RELAYS: `far=${all.far}/` };
  servers = {
    named: await serve({ ...settings, CORS_ORIGIN: `${all.shop},${all.far}` }),
    '*': await serve({ ...settings, CORS_ORIGIN: '*' }),
  };
});
afterAll(async () => {
  all?.end();
  for (const server of Object.values(servers ?? {})) await server.end();
});

type Way = keyof typeof servers;

/** A part of a site's page; `session` is the token that the site gives its user. */
async function open(context: BrowserContext, site: string, way: Way, show: string, session = '') {
  const page = await context.newPage();
  // WeChat's host is led to the simulator; where a redirect leads is not asked of the routes.
  await page.route(`${world.simulator}/connect/oauth2/authorize`, async (route) => {
    const { location } = (await route.fetch({ maxRedirects: 0 })).headers();
    const body = `<script>location.replace(${JSON.stringify(location)})</script>`;
    await route.fulfill({ contentType: 'text/html', body });
  });
  const answers: string[] = [];
  page.on('response', (answer) => {
    const { origin, pathname } = new URL(answer.url());
    if (origin === servers[way].address)
      answers.push(`${answer.request().method()} ${pathname.replace(/[\w-]{36}/, 'ID')} ${answer.status()}`);
  });
  await page.addInitScript(`sessionStorage.session ||= ${JSON.stringify(session)}`);
  await page.goto(`${site}/?${new URLSearchParams({ base: servers[way].address, show })}`);
  return { page, answers };
}

const desk = async () => (await world.desk()).context();
const see = (page: Page, text: string) => page.getByText(text).first().waitFor();
const WAYS: Way[] = ['named', '*'];

/** Binds with the phone, up to the end. */
async function bind(page: Page, who: string): Promise<void> {
  await press(page, 'Bind WeChat');
  const phone = await world.scan(await read(page.locator('img.weir-image')));
  await see(page, 'Scanned. Confirm on your phone.');
  await consent(phone, who);
  await confirm(phone);
  await see(page, 'WeChat account bound.');
}

test.each(WAYS)('an account is bound, followed live and unbound (CORS_ORIGIN %s)', async (way) => {
  const { page, answers } = await open(await desk(), all.shop, way, 'settings', hostToken('106'));
  await see(page, 'No WeChat account is bound.');
  await bind(page, 'alice');
  await look(page, 'elsewhere-bound');
  expect(await page.locator('.weir-name').textContent()).toMatch(/\S/);
  expect(answers).toContain('GET /api/wechat/status/ID/events 200');
  expect(answers).not.toContain('GET /api/wechat/status/ID 200');
  await press(page, 'Unbind');
  await press(page, 'Yes, unbind');
  await see(page, 'WeChat account unbound.');
});

test.each(WAYS)('whoever is bound signs in by a code (CORS_ORIGIN %s)', async (way) => {
  const bound = await open(await desk(), all.shop, way, 'settings', hostToken('301'));
  await bind(bound.page, 'carol');
  const { page } = await open(await desk(), all.shop, way, 'Login');
  await press(page, 'Sign in with WeChat');
  const phone = await world.scan(await read(page.locator('img.weir-image')));
  await consent(phone, 'carol');
  await confirm(phone);
  await page.locator('#login', { hasText: '301 eyJ' }).waitFor();
});

test.each([
  ['to the page itself', 'shop', 'named'],
  ['to the page itself', 'shop', '*'],
  ["through Weir's callback", 'far', 'named'],
  ["through Weir's callback", 'far', '*'],
] as const)(
  "in WeChat's browser WeChat sends people back %s (%s, CORS_ORIGIN %s)",
  async (_how, site, way) => {
    const { page, answers } = await open(await world.phone(), all[site], way, 'Login');
    await press(page, 'Sign in with WeChat');
    await consent(page, 'bob');
    await page.locator('#login', { hasText: 'Bob eyJ' }).waitFor();
    expect(page.url()).toBe(`${all[site]}/`);
    expect(answers.filter((answer) => answer === 'POST /auth/wechat 200')).toHaveLength(1);
    await look(page, 'elsewhere-signed-in');
  },
);

test.each(WAYS)('what a friend is sent is signed (CORS_ORIGIN %s)', async (way) => {
  const { page } = await open(await world.phone(), all.shop, way, 'Share');
  await page.locator('#share', { hasText: 'ready' }).waitFor();
  const shared = await page.evaluate('wx._sim.shared.updateAppMessageShareData');
  expect(shared).toMatchObject({ title: 'Elsewhere', link: `${all.shop}/?shared` });
});

test('a page whose origin is not named is told so, and its people that nothing answers', async () => {
  const { page } = await open(await desk(), all.evil, 'named', 'Call', hostToken('106'));
  await press(page, 'call');
  await see(page, 'The server cannot be reached. Check your connection.');
  const told = await page.locator('#told').textContent();
  expect(told).toBe(
    `No answer from ${servers.named.address}: does it run, and does its CORS_ORIGIN name ${all.evil}?`,
  );
});

test('a page that is not among web.redirects is told what to do', async () => {
  const { page } = await open(await world.phone(), all.evil, '*', 'Login');
  await press(page, 'Sign in with WeChat');
  await page
    .getByRole('alert')
    .filter({ hasText: 'add the page, to the letter, to web.redirects' })
    .waitFor();
});
