import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Rollup } from 'vite';
import { freePort, ready, world } from './world';

const SECRET = 'a secret of these tests, long enough for a server to take it';

/** A token as a host application signs it. */
export function hostToken(user: string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  const head = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: user, iss: 'host', iat: now, exp: now + 3600 })}`;
  return `${head}.${createHmac('sha256', SECRET).update(head).digest('base64url')}`;
}

/** A page of `pages/`, with all that it needs, as one script. */
export async function bundled(page: string): Promise<string> {
  const made = await build({
    logLevel: 'error',
    configFile: false,
    define: { 'process.env.NODE_ENV': '"production"' },
    // Tests are neither production nor development; pages are the former.
    oxc: { jsx: { runtime: 'automatic', development: false } },
    build: {
      write: false,
      lib: {
        entry: fileURLToPath(new URL(`../pages/${page}`, import.meta.url)),
        formats: ['es'],
        fileName: 'page',
      },
    },
  });
  const [{ output }] = [made].flat() as Rollup.RollupOutput[] as [Rollup.RollupOutput];
  return output[0].code;
}

/** A page around a script. */
export const SHELL =
  '<!doctype html><html lang="en"><title>page</title><div id="root"></div><script type="module" src="/page.js"></script>';

export interface Sites {
  shop: string;
  far: string;
  evil: string;
  end(): void;
}

/**
 * Pages of other sites: browsers let only what really comes from this machine call this machine. Each is another site
 * to the browser, and so is Weir.
 */
export async function sites(script = ''): Promise<Sites> {
  const server = createServer((request, answer) => {
    const isScript = request.url === '/page.js';
    answer.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html');
    answer.end(isScript ? script : SHELL);
  });
  const port = await freePort();
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
  const end = () => {
    server.close();
    server.closeAllConnections();
  };
  const [shop, far, evil] = ['shop', 'far', 'evil'].map((name) => `http://${name}.localhost:${port}`);
  return { shop, far, evil, end } as Sites;
}

export interface Served {
  address: string;
  end(): Promise<void>;
}

/** A server as it is in earnest. */
export async function serve(settings: Record<string, string>): Promise<Served> {
  const port = await freePort();
  const data = mkdtempSync(join(tmpdir(), 'weir-elsewhere-'));
  const address = `http://127.0.0.1:${port}`;
  const env = {
    PATH: process.env.PATH,
    JWT_SECRET: SECRET,
    API_PORT: `${port}`,
    WEIR_WEB__PUBLIC_URL: address,
    WECHAT_APP_ID: 'wx2000000000000002',
    WECHAT_APP_SECRET: 'demo-secret-official',
    WEIR_WECHAT__API_BASE: world.simulator,
    WEIR_WECHAT__OPEN_BASE: world.simulator,
    ...settings,
  };
  const server = spawn(process.env.WEIR_BINARY ?? '', ['serve'], { cwd: data, env, stdio: 'ignore' });
  const over = new Promise<void>((done) => server.on('exit', () => done()));
  await ready(`${address}/api/health`, () => server.exitCode !== null);
  return {
    address,
    async end() {
      server.kill('SIGTERM');
      await over;
      rmSync(data, { recursive: true });
    },
  };
}
