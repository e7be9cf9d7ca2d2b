import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import jsQR from 'jsqr';
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Locator,
  type Page,
} from 'playwright-core';
import { PNG } from 'pngjs';
import { preview } from 'vite';
import { afterAll, afterEach, beforeAll } from 'vitest';

const CHROMIUM = '/usr/bin/chromium';
const WECHAT =
  'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Mobile Safari/537.36 MicroMessenger/8.0.50';
const HOST_PAGE = fileURLToPath(new URL('../../apps/host', import.meta.url));

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

export async function ready(address: string, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const answer = await fetch(address).catch(() => null);
    if (answer?.ok) return;
    await new Promise((again) => setTimeout(again, 50));
  }
  throw new Error(`the server ended before ${address} answered`);
}

/** The real binary with its simulator, the host's page in front of it, and a browser. */
export class World {
  private constructor(
    readonly page: string,
    readonly weir: string,
    readonly simulator: string,
    readonly browser: Browser,
    private readonly data: string,
    private readonly binary: string,
    private readonly ends: (() => Promise<unknown>)[],
  ) {}

  static async start(): Promise<World> {
    const binary = process.env.WEIR_BINARY;
    if (!binary) throw new Error('WEIR_BINARY is not set: run scripts/frontend.sh browser PATH');
    const [port, simulatorPort, pagePort] = [await freePort(), await freePort(), await freePort()];
    const data = mkdtempSync(join(tmpdir(), 'weir-browser-'));
    const [weir, simulator] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${simulatorPort}`];
    const page = `http://127.0.0.1:${pagePort}/`;
    const args = [
      'demo',
      '--port',
      `${port}`,
      '--simulator-port',
      `${simulatorPort}`,
      '--data',
      data,
      '--quiet',
    ];
    const server = spawn(binary, args, { stdio: ['ignore', 'inherit', 'inherit'] });
    let isOver = false;
    const over = new Promise<void>((done) => {
      server.on('exit', () => {
        isOver = true;
        done();
      });
    });
    const stop = async () => {
      server.kill('SIGTERM');
      await over;
      rmSync(data, { recursive: true });
    };
    const ends = [stop];
    try {
      await ready(`${weir}/api/health`, () => isOver);
      await ready(`${simulator}/_sim/health`, () => isOver);
      process.env.WEIR_URL = weir;
      const front = await preview({ root: HOST_PAGE, preview: { port: pagePort, strictPort: true } });
      ends.unshift(() => front.close());
      const browser = await chromium.launch({
        executablePath: CHROMIUM,
        args: [
          '--no-sandbox',
          '--disable-gpu',
          '--disable-dev-shm-usage',
          // Nothing leaves this machine; the phone's web views are at *.localhost.
          '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE *.localhost',
        ],
      });
      ends.unshift(() => browser.close());
      return new World(page, weir, simulator, browser, data, binary, ends);
    } catch (failure) {
      for (const end of ends) await end();
      throw failure;
    }
  }

  async end(): Promise<void> {
    for (const end of this.ends) await end();
  }

  token(user: string): string {
    const args = ['token', '--sub', user, '--ttl', '24h', '--data', this.data];
    return execFileSync(this.binary, args, { encoding: 'utf8' }).trim();
  }

  /** What does not come within this is told with its place, before the test runs out of time. */
  private async context(options: BrowserContextOptions): Promise<BrowserContext> {
    const context = await this.browser.newContext(options);
    context.setDefaultTimeout(8_000);
    // WeChat's own script, which asks where it came from whether the signature is good.
    await context.route('https://res.wx.qq.com/**', async (route) => {
      const { pathname, search } = new URL(route.request().url());
      const response = await route.fetch({ url: this.simulator + pathname + search });
      await route.fulfill({
        response,
        headers: { ...response.headers(), 'Access-Control-Allow-Origin': '*' },
      });
    });
    return context;
  }

  /** The host's page on somebody's computer, signed in there if `user` is given. */
  async desk(user?: string, language = 'en'): Promise<Page> {
    const context = await this.context({ viewport: { width: 900, height: 1000 } });
    const page = await context.newPage();
    await page.goto(`${this.page}?language=${language}`);
    if (user !== undefined) {
      await page.locator('input[name=token]').fill(this.token(user));
      await page.locator('form button').click();
    }
    return page;
  }

  /** A phone with WeChat's browser. */
  phone(userAgent = WECHAT): Promise<BrowserContext> {
    return this.context({
      userAgent,
      viewport: { width: 390, height: 844 },
      isMobile: true,
    });
  }

  /** The simulator's phone, in whatever browser stands on a desk. */
  async handset(user: string, language = 'en'): Promise<Page> {
    const context = await this.context({ viewport: { width: 1100, height: 900 } });
    const page = await context.newPage();
    await page.goto(`${this.simulator}/?user=${user}&lang=${language}`);
    // Where its web views are of the same site.
    await page.waitForURL(/^http:\/\/phone\.weir\.localhost:/);
    return page;
  }

  /** The host's page on Weir's own origin, as behind one reverse proxy: there WeChat may send people back to it. */
  async behindOneOrigin(context: BrowserContext): Promise<string> {
    for (const path of ['/account', '/assets']) {
      await context.route(`${this.weir}${path}**`, async (route) => {
        const { pathname } = new URL(route.request().url());
        const url = new URL(path === '/account' ? '/' : pathname, this.page).href;
        await route.fulfill({ response: await route.fetch({ url }) });
      });
    }
    // Where a redirect leads is not asked of us; where a page leads is.
    await context.route(`${this.simulator}/connect/oauth2/authorize`, async (route) => {
      const { location } = (await route.fetch({ maxRedirects: 0 })).headers();
      const body = `<script>location.replace(${JSON.stringify(location)})</script>`;
      await route.fulfill({ contentType: 'text/html', body });
    });
    return `${this.weir}/account`;
  }

  /** Scans an address: WeChat asks for consent. */
  async scan(address: string): Promise<Page> {
    const page = await (await this.phone()).newPage();
    await page.goto(address);
    return page;
  }

  async advance(seconds: number): Promise<void> {
    const body = JSON.stringify({ advance_s: seconds });
    const headers = { 'Content-Type': 'application/json' };
    const answer = await fetch(`${this.simulator}/_sim/clock`, { method: 'POST', body, headers });
    if (!answer.ok) throw new Error(await answer.text());
  }
}

/** WeChat's consent sheet, as the simulator shows it. */
export async function consent(phone: Page, who: string): Promise<void> {
  const people = phone.locator('select[name=_sim_user]');
  const option = people.locator('option', { hasText: `(${who})` });
  await people.selectOption(await option.getAttribute('value'));
  await phone.locator('button[value=allow]').click();
}

/** Weir's page on the phone. */
export const confirm = (phone: Page) => phone.locator('button[value=confirm]').click();

/** What a phone's camera makes of the picture as it stands on the screen. */
export async function read(picture: Locator): Promise<string> {
  await picture.waitFor();
  const { data, width, height } = PNG.sync.read(await picture.screenshot());
  const found = jsQR(new Uint8ClampedArray(data), width, height);
  if (!found) throw new Error('no QR code can be read from the screen');
  return found.data;
}

/** A picture for the eye, where the one who runs the tests wants them: WEIR_SCREENSHOTS names a directory. */
export async function look(page: Page, name: string): Promise<void> {
  const to = process.env.WEIR_SCREENSHOTS;
  if (to) await page.screenshot({ path: join(to, `${name}.png`), fullPage: true });
}

/** The world of this file's tests. */
export let world: World;

/** Each file of tests has a world of its own, and each test browsers of its own. */
export function inAWorld(): void {
  beforeAll(async () => {
    world = await World.start();
  });
  afterAll(() => world?.end());
  afterEach(async () => {
    for (const context of world.browser.contexts()) await context.close();
  });
}

/** A button by the whole of its name. */
export const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();
