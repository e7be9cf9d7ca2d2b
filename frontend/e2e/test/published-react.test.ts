import type { Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { bundled, SHELL } from './elsewhere';
import { confirm, consent, inAWorld, press, read, world } from './world';

inAWorld();

// Family A: a host's page on Weir's origin, written against the published hooks, types and components.
let userPage: string;
beforeAll(async () => {
  userPage = await bundled('published/main.tsx');
});

async function hostPage(which: string, user: string): Promise<Page> {
  const context = (await world.desk()).context();
  await context.route(`${world.weir}/user-page*`, (route) =>
    route.fulfill({ contentType: 'text/html', body: SHELL }),
  );
  await context.route(`${world.weir}/page.js`, (route) =>
    route.fulfill({ contentType: 'text/javascript', body: userPage }),
  );
  const page = await context.newPage();
  await page.addInitScript(`localStorage.authToken = ${JSON.stringify(world.token(user))}`);
  await page.goto(`${world.weir}/user-page?page=${which}`);
  return page;
}

test.each([
  ["the host's own hooks", 'theirs', '501'],
  ['our hooks in their place', 'ours', '502'],
])('the published user page binds and unbinds with %s', async (_whose, which, user) => {
  const page = await hostPage(which, user);
  const says = (id: string, text: string) => page.locator(`#${id}`, { hasText: text }).waitFor();
  await says('binding', 'none');
  // An openid that somebody types is not believed.
  await press(page, 'bind');
  await page.locator('#error:not(:empty)').waitFor();
  await press(page, 'generate');
  await says('status', 'pending');
  const phone = await world.scan(await read(page.getByAltText('code')));
  await says('status', 'scanned');
  await consent(phone, 'carol');
  await confirm(phone);
  await says('status', 'confirmed');
  await says('binding', `${user}: `);
  await expect.poll(() => page.title()).toMatch(/^bound to \S/);
  await press(page, 'unbind');
  await says('binding', 'none');
  await expect.poll(() => page.title()).toBe('unbound: true');
});

test('the published components tell what happens, and WeChatSettings needs nothing', async () => {
  const page = await hostPage('components', '503');
  await page.getByText('No WeChat account is bound.').waitFor();
  await press(page, 'Bind WeChat');
  const phone = await world.scan(await read(page.locator('img.weir-image')));
  await page.getByText('Scanned. Confirm on your phone.').waitFor();
  await consent(phone, 'carol');
  await confirm(phone);
  await page.locator('.weir-name').waitFor();
  const told = () => page.evaluate('told');
  await expect.poll(told).toEqual(['picture PNG', 'pending', 'scanned', 'confirmed']);
  await press(page, 'Unbind');
  await press(page, 'Yes, unbind');
  await page.getByText('No WeChat account is bound.').waitFor();
  await expect.poll(async () => ((await told()) as string[]).at(-1)).toBe('unbound');

  const settings = await hostPage('settings', '503');
  await settings.getByRole('heading', { name: 'WeChat' }).waitFor();
  await settings.getByRole('button', { name: 'Bind WeChat' }).waitFor();
});

// Family B: the published code for the JS-SDK; `api` is the page's own, and only the picture's address is another.
const JSSDK = `<!doctype html><title>published</title><script src="https://res.wx.qq.com/open/js/jweixin-1.6.0.js"></script>
<script>
const api = {
  getJsConfig: async (url) => (await (await fetch('/wechat/jsconfig?url=' + encodeURIComponent(url))).json()).data,
};
async function initWechatSDK() {
  const config = await api.getJsConfig(window.location.href)

  wx.config({
    debug: false,
    appId: config.appId,
    timestamp: config.timestamp,
    nonceStr: config.nonceStr,
    signature: config.signature,
    jsApiList: ['updateAppMessageShareData', 'updateTimelineShareData']
  })

  wx.ready(() => {
    // 配置分享
    wx.updateAppMessageShareData({
      title: '分享标题',
      desc: '分享描述',
      link: window.location.href,
      imgUrl: 'https://example.com/share.png'
    })
  })
}
initWechatSDK()
</script>`;

test('the published code for the JS-SDK is signed, and its share data taken', async () => {
  const phone = await world.phone();
  const address = `${world.weir}/my-article?id=1&from=微信`;
  await phone.route(`${world.weir}/my-article**`, (route) =>
    route.fulfill({ contentType: 'text/html; charset=utf-8', body: JSSDK }),
  );
  const page = await phone.newPage();
  await page.goto(`${address}#comments`);
  const shared = () => page.evaluate('wx._sim.shared.updateAppMessageShareData');
  await expect.poll(shared).toMatchObject({ title: '分享标题', desc: '分享描述' });
});
