import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { Phone } from './support/phone.js';
import { World } from './support/world.js';

const require = createRequire(import.meta.url);
const APPID = 'wx1000000000000001';
const DAY = 24 * 60 * 60;
const EXPORTS = [
  'checkLoginStatus',
  'getLocalToken',
  'getLocalUserInfo',
  'logout',
  'refreshToken',
  'wechatLogin',
];

let world;
before(async () => {
  world = await World.start();
});
after(() => world?.end());

/** Its own app.js has done this. */
const initCloud = () => globalThis.wx.cloud.init({ env: 'demo-1' });

const published = () => require('./published/wechat-login.js');
const ours = (phone) => phone.require('utils/wechat-login.js');

/** Both utilities under the published pages: ours have to be what theirs are. */
for (const [whose, utilities, config] of [
  ['the published utilities', published, {}],
  ['our utilities', ours, { cloudEnv: 'demo-1' }],
]) {
  test(`the published pages work with ${whose}`, async () => {
    const phone = new Phone(world, 'alice', { library: '2.26.2', config });
    initCloud();
    const auth = utilities(phone);
    const { login, guarded, getUserProfile } = require('./published/pages.js')(auth);
    assert.deepEqual(Object.keys(auth).sort(), EXPORTS);

    guarded.onLoad();
    await phone.settle();
    assert.equal(phone.page.route, 'pages/login/login');

    phone.inTap = true;
    await login.handleWechatLogin();
    const { openids, nickname } = await world.person('alice');
    assert.equal(phone.toast, undefined);
    assert.equal(phone.tab, '/pages/index/index');
    assert.equal(login.result.token, phone.storage.get('access_token'));
    assert.equal(phone.storage.get('user_info').openid, openids[APPID]);

    guarded.onLoad();
    assert.deepEqual(guarded.shown, { token: login.result.token, nickname });
    assert.equal((await getUserProfile()).openid, openids[APPID]);

    // As its document says: a 401, a refresh, and on it goes.
    await world.advance(8 * DAY);
    await assert.rejects(getUserProfile(), { message: '登录已过期' });
    assert.equal(await auth.refreshToken(), auth.getLocalToken());
    assert.equal((await getUserProfile()).openid, openids[APPID]);

    const token = auth.getLocalToken();
    await auth.logout();
    assert.equal(auth.checkLoginStatus(), false);
    assert.equal(phone.storage.has('user_info'), false);
    phone.storage.set('access_token', token);
    await assert.rejects(getUserProfile(), { message: '登录已过期' });
    await phone.settle();
  });
}

test('a refused login of the published page shows the words that its document promises', async () => {
  const phone = new Phone(world, 'alice', { library: '2.26.2' });
  initCloud();
  const { login } = require('./published/pages.js')(published());
  phone.code = 'nonsense';
  phone.inTap = true;
  await login.handleWechatLogin();
  assert.match(phone.toast, /^微信登录失败: invalid code \(错误码: 40029\)$/);
});

test('the calls of the published engagement client work with the token that it is given', async () => {
  const { code } = await world.control('login-code', { appid: 'mini', user: 'bob' });
  const post = async (path, body, token) => {
    const headers = {
      'Content-Type': 'application/json',
      ...(token && { Authorization: `Bearer ${token}` }),
    };
    const answer = await fetch(world.weir + path, { method: 'POST', headers, body: JSON.stringify(body) });
    return answer.json();
  };
  const opened = await post('/api/wechat/openid', { code });
  assert.equal(opened.message, '获取openid成功');
  const { openid, token } = opened.data;
  const acted = await post(
    '/api/customer/action',
    {
      customerId: openid,
      advisorId: 'advisor-published',
      actionType: 'view_resume',
      actionData: { resumeId: '简历ID', timestamp: '2024-01-01T12:00:00.000Z' },
      customerName: '客户姓名',
      customerPhone: '13800138001',
    },
    token,
  );
  assert.equal(acted.message, '记录客户行为成功，已创建新客户线索');
});
