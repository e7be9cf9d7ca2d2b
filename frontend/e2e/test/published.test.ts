import type { BrowserContext, Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { hostToken, serve, sites } from './elsewhere';
import { consent, inAWorld, world } from './world';

inAWorld();

// The code that was published for H5 pages, with another appid and with what it leaves to the page (generateState and
// what is shown) filled in, and one line added: after a login handleWechatCallback shows the user.
const PUBLISHED = `<!doctype html><title>published</title><p id="said"></p><script>
function buildWechatAuthURL() {
    const appId = 'wx2000000000000002';
    const redirectURI = encodeURIComponent(window.location.href.split('?')[0]);
    const state = generateState();
    return \`https://open.weixin.qq.com/connect/oauth2/authorize?appid=\${appId}&redirect_uri=\${redirectURI}&response_type=code&scope=snsapi_userinfo&state=\${state}#wechat_redirect\`;
}
async function handleWechatCallback(code, state) {
    try {
        const response = await fetch('/api/wechat/auth', {
            method: 'POST',
            headers: {
                'Content-Type': 'application/json',
            },
            body: JSON.stringify({
                code: code,
                state: state
            })
        });
        const data = await response.json();
        if (data.code === 200) {
            const userInfo = data.data.user_info;
            localStorage.setItem('wechat_user_info', JSON.stringify(userInfo));
            localStorage.setItem('wechat_openid', userInfo.openid);
            displayUserInfo(userInfo);
        }
    } catch (error) {
        console.error('授权处理失败:', error);
    }
}
async function checkAuthStatus(openid) {
    try {
        const response = await fetch(\`/api/user/\${openid}\`);
        const data = await response.json();
        if (data.code === 200) {
            const result = data.data;
            if (!result.exists || result.need_auth) {
                startWechatAuth();
            } else {
                displayUserInfo(result.user_info);
            }
        }
    } catch (error) {
        console.error('状态检查失败:', error);
    }
}
window.onload = function() {
    const urlParams = new URLSearchParams(window.location.search);
    const code = urlParams.get('code');
    if (code) {
        const state = urlParams.get('state');
        handleWechatCallback(code, state);
    } else {
        const openid = localStorage.getItem('wechat_openid');
        if (openid) {
            checkAuthStatus(openid);
        } else {
            showLoginButton();
        }
    }
};
function generateState() { return 'page' + Math.random().toString(36).slice(2); }
function startWechatAuth() { location.href = buildWechatAuthURL(); }
function showLoginButton() { said.innerHTML = '<button onclick="startWechatAuth()">login</button>'; }
function displayUserInfo(user) { said.textContent = user.nickname + ' until ' + (user.expires_at || user.login_time + 86400); }
</script>`;

/** The published page on Weir's origin, in WeChat's browser, with WeChat's host led to the simulator. */
async function publishedPage(): Promise<[Page, string]> {
  const phone: BrowserContext = await world.phone();
  const address = `${world.weir}/my-h5`;
  await phone.route(`${address}**`, (route) => route.fulfill({ contentType: 'text/html', body: PUBLISHED }));
  await phone.route('https://open.weixin.qq.com/**', (route) => {
    const { pathname, search } = new URL(route.request().url());
    const there = JSON.stringify(world.simulator + pathname + search);
    return route.fulfill({
      contentType: 'text/html',
      body: `<script>location.replace(${there})</script>`,
    });
  });
  // Where a redirect leads is not asked of the routes; where a page leads is.
  await phone.route(`${world.simulator}/connect/oauth2/authorize`, async (route) => {
    const { location } = (await route.fetch({ maxRedirects: 0 })).headers();
    const body = `<script>location.replace(${JSON.stringify(location)})</script>`;
    await route.fulfill({ contentType: 'text/html', body });
  });
  return [await phone.newPage(), address];
}

test('the published H5 code logs in, stays logged in for a day, and asks again then', async () => {
  const [page, address] = await publishedPage();
  await page.goto(address);
  await page.getByRole('button', { name: 'login' }).click();
  await consent(page, 'bob');
  await page.getByText('Bob until').waitFor();
  // Without the code in the address the page asks the server who this is.
  await page.goto(address);
  await page.getByText('Bob until').waitFor();
  // Just before the day is over nobody is asked anything; then WeChat asks.
  await world.advance(86_400 - 60);
  await page.goto(address);
  await page.getByText('Bob until').waitFor();
  await world.advance(60);
  await page.goto(address);
  await consent(page, 'bob');
  await page.getByText('Bob until').waitFor();
});

test('a page of an origin that CORS_ORIGIN names may call, follow a code and no other origin may', async () => {
  const origins = await sites();
  const server = await serve({ CORS_ORIGIN: origins.shop });
  try {
    const context = await world.phone();
    const call = (page: Page) =>
      page.evaluate(
        `(async () => {
          const headers = { Authorization: 'Bearer ${hostToken('106')}', 'Content-Type': 'application/json' };
          const made = await fetch('${server.address}/api/wechat/generate-qr', { method: 'POST', headers, body: '{}' });
          const { data } = await made.json();
          const events = await fetch('${server.address}/api/wechat/status/' + data.session_id + '/events', { headers });
          const { value } = await events.body.getReader().read();
          return [made.status, made.headers.get('x-request-id') !== null, new TextDecoder().decode(value)];
        })()`,
      ) as Promise<[number, boolean, string]>;
    const shop = await context.newPage();
    await shop.goto(origins.shop);
    const [status, hasId, event] = await call(shop);
    expect([status, hasId]).toEqual([200, true]);
    expect(event).toContain('"status":"pending"');
    const evil = await context.newPage();
    await evil.goto(origins.evil);
    await expect(call(evil)).rejects.toThrow('Failed to fetch');
  } finally {
    await server.end();
    origins.end();
  }
});
