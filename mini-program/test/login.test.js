import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Phone } from './support/phone.js';
import { World } from './support/world.js';

const APPID = 'wx1000000000000001';
const DAY = 24 * 60 * 60;

let world;
before(async () => {
  world = await World.start();
});
after(() => world?.end());

async function loggedIn(person, options) {
  const phone = new Phone(world, person, options);
  await phone.open('/pages/login/login');
  await phone.tap('.login');
  assert.equal(phone.page.route, 'pages/profile/profile', phone.text);
  phone.requests.length = 0;
  return phone;
}

/** Somebody whose refresh is under way: the server's answer is held back until `phone.letGo()`. */
async function refreshing() {
  const phone = await loggedIn('alice');
  const auth = phone.require('utils/wechat-login.js');
  phone.holdsBack('/api/v1/auth/refresh');
  const refresh = auth.refreshToken();
  await phone.held;
  return { phone, auth, refresh };
}

const refreshes = (phone) => phone.requests.filter(({ path }) => path === '/api/v1/auth/refresh').length;
const profile = { method: 'GET', path: '/api/v1/users/me' };

test('somebody logs in with a nickname and sees who they are', async () => {
  const phone = new Phone(world, 'alice');
  await phone.open('/pages/login/login');
  await phone.tap('.choose');
  assert.equal(phone.attribute('.avatar-image', 'src'), 'wxfile://tmp_chosen.png');
  await phone.type('.input', ' 小红 ');
  await phone.tap('.login');
  assert.equal(phone.page.route, 'pages/profile/profile');
  assert.equal(phone.said('.name'), '小红');
  assert.equal(phone.said('.openid'), (await world.person('alice')).openids[APPID]);
  const { data } = phone.requests.find(({ path }) => path === '/api/v1/auth/wx-login');
  assert.equal(data.nickName, '小红');
  // A file on this phone is of no use to anybody else.
  assert.ok(!JSON.stringify(phone.requests).includes('wxfile'));
});

test('a later login that gives no name takes none away', async () => {
  const phone = new Phone(world, 'bob');
  await phone.open('/pages/login/login');
  await phone.type('.input', '阿波');
  await phone.tap('.login');
  const again = await loggedIn('bob');
  assert.equal(again.said('.name'), '阿波');
});

test('a login survives that the mini-program is closed', async () => {
  const phone = await loggedIn('alice');
  phone.start();
  await phone.open('/pages/profile/profile');
  assert.equal(phone.page.route, 'pages/profile/profile');
  assert.equal(phone.logins, 1);
});

test('a refresh shows what was changed elsewhere, and keeps the number that only this phone knows', async () => {
  const phone = new Phone(world, 'bob');
  await phone.open('/pages/login/login');
  await phone.tap('.phone');
  const headers = {
    Authorization: `Bearer ${phone.storage.get('access_token')}`,
    'Content-Type': 'application/json',
  };
  const body = JSON.stringify({ nickname: '波波' });
  await fetch(`${world.weir}/api/v1/users/me`, { method: 'PATCH', headers, body });
  await phone.tap('.refresh');
  assert.equal(phone.said('.name'), '波波');
  assert.equal(phone.said('.number'), '138****8001');
});

for (const [language, login, hint] of [
  ['zh_CN', '微信一键登录', '登录'],
  ['en', 'Log in with WeChat', 'Log in'],
  ['ru', 'Войти через WeChat', 'Вход'],
]) {
  test(`in ${language} the pages speak that language and every control has a name`, async () => {
    const phone = new Phone(world, 'carol', { language });
    await phone.open('/pages/login/login');
    assert.equal(phone.said('.login'), login);
    assert.equal(phone.title, hint);
    for (const button of ['.choose', '.input']) assert.ok(phone.attribute(button, 'aria-label'));
  });
}

test('the address of a page may name the language', async () => {
  const phone = new Phone(world, 'carol');
  await phone.open('/pages/login/login?lang=ru');
  assert.equal(phone.said('.login'), 'Войти через WeChat');
});

test('two taps are one login', async () => {
  const phone = new Phone(world, 'alice');
  const auth = phone.require('utils/wechat-login.js');
  const [one, other] = await Promise.all([auth.wechatLogin(), auth.wechatLogin()]);
  assert.equal(one.token, other.token);
  assert.equal(phone.logins, 1);
});

test("WeChat's refusal of a code is told in the server's words", async () => {
  const phone = new Phone(world, 'alice');
  phone.code = 'nonsense';
  await phone.open('/pages/login/login');
  await phone.tap('.login');
  assert.equal(phone.page.route, 'pages/login/login');
  assert.match(phone.said('.error'), /^微信登录失败: .*\(错误码: 40029\)$/);
  phone.code = undefined;
  await phone.tap('.login');
  assert.equal(phone.page.route, 'pages/profile/profile');
});

test('without a network a login says so, and works afterwards', async () => {
  const phone = new Phone(world, 'alice', { language: 'en' });
  phone.isOffline = true;
  await phone.open('/pages/login/login');
  await phone.tap('.login');
  assert.equal(phone.said('.error'), 'No connection. Check your network and try again.');
  phone.isOffline = false;
  await phone.tap('.login');
  assert.equal(phone.page.route, 'pages/profile/profile');
});

test('a phone number is given with the login and again on the profile', async () => {
  const phone = new Phone(world, 'bob');
  await phone.open('/pages/login/login');
  await phone.tap('.phone');
  assert.equal(phone.page.route, 'pages/profile/profile');
  assert.equal(phone.said('.number'), '138****8001');
  assert.equal(phone.storage.get('user_info').phone, '13800138001');
  await phone.tap('.phone');
  assert.equal(phone.said('.notice'), '手机号已绑定');
});

test('whoever does not give their number is logged in all the same', async () => {
  const phone = await loggedIn('bob', { language: 'en' });
  phone.refusesPhone = true;
  await phone.tap('.phone');
  assert.equal(phone.said('.error'), 'You did not allow it. You can tap again.');
  assert.equal(phone.said('.number'), 'Not given');
});

test('a number sealed for an older login asks for one more tap, and that one is read', async () => {
  const phone = await loggedIn('alice');
  phone.oldPhoneButton = true;
  await phone.tap('.phone');
  assert.equal(phone.said('.number'), '138****8000');
  // WeChat makes new keys: the server knows none of those that the next number is sealed with.
  await world.control('session-key', { appid: 'mini', user: 'alice' });
  await world.control('session-key', { appid: 'mini', user: 'alice' });
  await phone.tap('.phone');
  assert.match(phone.said('.error'), /请再点一次/);
  await phone.tap('.phone');
  assert.equal(phone.said('.notice'), '手机号已绑定');
});

test('ten questions with an expired token make one refresh', async () => {
  const phone = await loggedIn('alice');
  const { call } = phone.require('utils/api.js');
  const old = phone.storage.get('access_token');
  await world.advance(8 * DAY);
  const answers = await Promise.all(Array.from({ length: 10 }, () => call(profile)));
  assert.equal(new Set(answers.map(({ id }) => id)).size, 1);
  assert.equal(refreshes(phone), 1);
  assert.notEqual(phone.storage.get('access_token'), old);
  assert.equal(phone.logins, 1);
});

test('a refusal that comes late makes no second refresh', async () => {
  const phone = await loggedIn('alice');
  const { call } = phone.require('utils/api.js');
  await world.advance(8 * DAY);
  phone.holdsBack('/api/v1/users/me');
  const late = call(profile);
  await phone.held;
  phone.holds = undefined;
  await call(profile);
  phone.letGo();
  assert.ok((await late).openid);
  assert.equal(refreshes(phone), 1);
});

test('when the refresh is refused there is one login, on the page, and no loop', async () => {
  const phone = await loggedIn('alice');
  await world.advance(60 * DAY);
  await phone.tap('.refresh');
  assert.equal(phone.page.route, 'pages/login/login');
  assert.equal(refreshes(phone), 1);
  assert.equal(phone.storage.has('access_token'), false);
  await phone.tap('.login');
  assert.equal(phone.page.route, 'pages/profile/profile');
  assert.equal(phone.logins, 2);
});

test("what is not the server's answer to a login or a refresh is told as a failure of the server", async () => {
  const phone = await loggedIn('alice');
  const auth = phone.require('utils/wechat-login.js');
  for (const data of ['<html>', {}, { data: null }, { data: {} }]) {
    phone.between = () => ({ statusCode: 200, data });
    await assert.rejects(auth.refreshToken(), { kind: 'server' });
    await assert.rejects(auth.wechatLogin({ nickName: 'x' }), { kind: 'server' });
    assert.ok(auth.checkLoginStatus(), 'nobody is logged out by it');
  }
});

test('a refresh that hears nothing logs nobody out', async () => {
  const phone = await loggedIn('alice');
  const token = phone.storage.get('access_token');
  await world.advance(8 * DAY);
  phone.drops = '/api/v1/auth/refresh';
  await phone.tap('.refresh');
  assert.equal(phone.said('.error'), '网络不通，请检查网络后重试。');
  assert.equal(phone.storage.get('access_token'), token);
  phone.drops = undefined;
  await phone.tap('.refresh');
  assert.equal(phone.said('.notice'), '已刷新');
});

test('logging out ends the session on the server too', async () => {
  const phone = await loggedIn('alice');
  const token = phone.storage.get('access_token');
  await phone.tap('.logout');
  assert.equal(phone.page.route, 'pages/login/login');
  assert.deepEqual(
    [...phone.storage.keys()].filter((key) => key !== 'kept_reports'),
    [],
  );
  const answer = await fetch(`${world.weir}/api/v1/users/me`, {
    headers: { Authorization: `Bearer ${token}` },
  });
  assert.equal(answer.status, 401);
});

test('a refresh that is under way brings nobody back who logs out', async () => {
  const { phone, auth, refresh } = await refreshing();
  await auth.logout();
  phone.letGo();
  await assert.rejects(refresh, { kind: 'login' });
  assert.equal(auth.checkLoginStatus(), false);
});

test('logging out works without a network', async () => {
  const phone = await loggedIn('alice');
  phone.isOffline = true;
  await phone.tap('.logout');
  assert.equal(phone.page.route, 'pages/login/login');
  assert.equal(phone.storage.has('access_token'), false);
});

test('whoever deletes their account is asked first, and nothing of it is left', async () => {
  const phone = await loggedIn('carol');
  const { id } = phone.storage.get('user_info');
  phone.confirms = false;
  await phone.tap('.erase');
  assert.equal(phone.page.route, 'pages/profile/profile');
  phone.confirms = true;
  await phone.tap('.erase');
  assert.equal(phone.page.route, 'pages/login/login');
  assert.equal(phone.storage.has('user_info'), false);
  const again = await loggedIn('carol');
  assert.notEqual(again.storage.get('user_info').id, id);
});

test('the profile of somebody who is not logged in is the login page', async () => {
  const phone = new Phone(world, 'alice');
  await phone.open('/pages/profile/profile');
  assert.equal(phone.page.route, 'pages/login/login');
});

test('below library 2.27.1 WeChat is asked for the profile in the tap; above, for nothing', async () => {
  const old = await loggedIn('alice', { library: '2.27.0' });
  assert.equal(old.said('.name'), (await world.person('alice')).nickname);
  const recent = new Phone(world, 'alice', { library: '2.27.1' });
  await recent.open('/pages/login/login');
  await recent.tap('.login');
  assert.notEqual(recent.said('.name'), '微信用户');
});

test("in WeChat's tools the simulator stands in for WeChat, and in what people install it does not", async () => {
  const simulator = { url: world.simulator, app: 'mini', user: 'bob' };
  const phone = new Phone(world, 'alice', { config: { simulator } });
  phone.code = "the tools' own";
  await phone.open('/pages/login/login');
  await phone.tap('.phone');
  assert.equal(phone.page.route, 'pages/profile/profile', phone.text);
  assert.equal(phone.said('.openid'), (await world.person('bob')).openids[APPID]);

  for (const version of ['trial', 'release']) {
    const released = new Phone(world, 'alice', { config: { simulator } });
    released.version = version;
    await released.open('/pages/login/login');
    await released.tap('.login');
    assert.equal(released.said('.openid'), (await world.person('alice')).openids[APPID], version);
  }
});

test("a simulator that does not know the person, and whatever nobody expected, end in the page's words", async () => {
  const simulator = { url: world.simulator, app: 'mini', user: 'mallory' };
  const phone = new Phone(world, 'alice', { config: { simulator } });
  await phone.open('/pages/login/login');
  await phone.tap('.login');
  assert.equal(phone.said('.error'), '微信没有完成操作，请重试。');
  phone.require('config.js').simulator = null;
  globalThis.wx.login = () => {
    throw new TypeError('wx.login is not what it was');
  };
  await phone.tap('.login');
  assert.equal(phone.said('.error'), '微信没有完成操作，请重试。');
});

test('an answer for somebody who has gone is not mixed with who came after', async () => {
  const phone = await loggedIn('alice');
  const auth = phone.require('utils/wechat-login.js');
  const { refreshProfile } = phone.require('utils/user.js');
  phone.holdsBack('/api/v1/users/me');
  const late = refreshProfile();
  await phone.held;
  await auth.logout();
  phone.code = (await world.control('login-code', { appid: 'mini', user: 'bob' })).code;
  const { userInfo } = await auth.wechatLogin();
  phone.letGo();
  await assert.rejects(late, { kind: 'login' });
  assert.deepEqual(phone.storage.get('user_info'), userInfo);
});

test('what one person asked is not asked again as another', async () => {
  const phone = await loggedIn(await world.someone());
  const auth = phone.require('utils/wechat-login.js');
  const { call } = phone.require('utils/api.js');
  await world.advance(8 * DAY);
  phone.holdsBack('/api/v1/users/me');
  const erasure = call({ method: 'DELETE', path: '/api/v1/users/me' });
  await phone.held;
  await auth.logout();
  phone.code = (await world.control('login-code', { appid: 'mini', user: 'bob' })).code;
  await auth.wechatLogin();
  phone.letGo();
  await assert.rejects(erasure, { kind: 'login' });
  phone.holds = undefined;
  assert.ok((await call(profile)).openid, 'the account of the other is there');
});

test('a login that fails takes no refresh away', async () => {
  const { phone, auth, refresh } = await refreshing();
  phone.code = 'nonsense';
  await assert.rejects(auth.wechatLogin());
  phone.letGo();
  assert.equal(await refresh, phone.storage.get('access_token'));
});

for (const [way, leave] of [
  ['after a logout', (auth) => auth.logout()],
  ['over the one before', () => undefined],
]) {
  test(`a login ${way} makes the next refresh its own`, async () => {
    const { phone, auth, refresh: old } = await refreshing();
    await leave(auth);
    await auth.wechatLogin();
    phone.holds = undefined;
    const next = auth.refreshToken();
    phone.letGo();
    await assert.rejects(old, { kind: 'login' });
    assert.equal(await next, phone.storage.get('access_token'));
  });
}

test("a 401 that is not Weir's logs nobody out", async () => {
  const phone = await loggedIn('alice');
  phone.between = () => ({ statusCode: 401, data: '<html>Proxy login</html>' });
  await phone.tap('.refresh');
  assert.equal(phone.page.route, 'pages/profile/profile');
  assert.equal(phone.said('.error'), '服务出错，请稍后重试。');
  assert.ok(phone.storage.has('access_token'));
});

test('whoever logs out sees it at once, and a late answer throws nobody out of the next login', async () => {
  const phone = await loggedIn('alice');
  phone.holdsBack('/api/v1/auth/logout');
  await phone.press('.logout');
  await phone.held;
  assert.equal(phone.page.route, 'pages/login/login');
  phone.holds = undefined;
  await phone.require('utils/wechat-login.js').wechatLogin();
  phone.show('/pages/profile/profile');
  phone.letGo();
  await phone.settle();
  assert.equal(phone.page.route, 'pages/profile/profile');
});

test('a confirmed deletion is done though the page is still asking who this is', async () => {
  const phone = await loggedIn(await world.someone());
  phone.holdsBack('/api/v1/users/me');
  phone.page.component.instance.onShow();
  await phone.held;
  phone.holds = undefined;
  await phone.press('.erase');
  await new Promise((done) => setImmediate(done));
  phone.letGo();
  await phone.settle();
  assert.equal(phone.page.route, 'pages/login/login');
  assert.ok(phone.requests.some(({ method }) => method === 'DELETE'));
});

test('whoever is logged in gives their number without another login', async () => {
  const phone = await loggedIn('bob');
  await phone.open('/pages/login/login');
  await phone.tap('.phone');
  assert.equal(phone.said('.number'), '138****8001');
  assert.equal(phone.logins, 1);
});

test('whoever refuses their number on the login page is not logged in by it', async () => {
  const phone = new Phone(world, 'alice');
  phone.refusesPhone = true;
  await phone.open('/pages/login/login');
  await phone.tap('.phone');
  assert.equal(phone.said('.error'), '您没有允许，可以再点一次。');
  assert.equal(phone.logins, 0);
});

test('the language of an address goes along to the next pages', async () => {
  const phone = new Phone(world, 'carol');
  await phone.open('/pages/resume/resume?lang=ru');
  await phone.tap('.contact');
  assert.equal(phone.page.route, 'pages/login/login');
  assert.equal(phone.said('.login'), 'Войти через WeChat');
});

test('a failure without words is told in the words of the page', async () => {
  const phone = new Phone(world, 'alice');
  const { Failure } = phone.require('utils/errors.js');
  const { explain, languages } = phone.require('utils/i18n.js');
  assert.equal(explain(new Failure('refused'), languages.zh), '请求没有被接受。');
  assert.equal(explain(new Failure('login'), languages.ru), 'Войдите, пожалуйста');
});

test('without a picture the first letter of the name is shown, and not half of it', async () => {
  const phone = new Phone(world, await world.someone());
  await phone.open('/pages/login/login');
  await phone.type('.input', '😀小红');
  await phone.tap('.login');
  assert.equal(phone.said('.avatar'), '😀');
});

test('a number that cannot be copied says why', async () => {
  const phone = new Phone(world, 'alice');
  phone.refusesClipboard = true;
  await phone.open('/pages/customer/detail?id=1');
  await phone.tap('.copy');
  assert.equal(phone.toast, '请先同意隐私保护指引。');
});

test('who comes back after 31 days is who they were, though three pages ask at once', async () => {
  const phone = await loggedIn('alice');
  await phone.tap('.resumes');
  phone.requests.length = 0;
  await world.advance(31 * DAY);
  phone.app.onShow();
  for (const { component } of phone.stack) component.instance.onShow();
  phone.show('/pages/resume/resume?advisor=advisor-31');
  await phone.settle();
  assert.equal(refreshes(phone), 1);
  assert.equal(phone.logins, 1);
  assert.ok(phone.stack.every(({ route }) => route !== 'pages/login/login'));
  assert.equal(phone.has('.error'), false);
  const [look] = await world.read('/api/customer/actions?advisorId=advisor-31');
  assert.equal(look.actionType, 'view_resume');
});

test('a refresh that somebody logs out under leaves no session on the server', async () => {
  const { phone, auth, refresh } = await refreshing();
  await auth.logout();
  phone.letGo();
  await assert.rejects(refresh, { kind: 'login' });
  await phone.settle();
  const ended = phone.requests.filter(({ path }) => path === '/api/v1/auth/logout');
  assert.equal(ended.length, 2, 'the token that was kept, and the one that came after');
  const { Authorization } = ended.at(-1).header;
  assert.notEqual(Authorization, ended[0].header.Authorization);
  const answer = await fetch(`${world.weir}/api/v1/users/me`, { headers: { Authorization } });
  assert.equal(answer.status, 401);
});

test('a login that is under way brings nobody back who logs out', async () => {
  const phone = new Phone(world, 'alice');
  const auth = phone.require('utils/wechat-login.js');
  phone.holdsBack('/api/v1/auth/wx-login');
  const login = auth.wechatLogin();
  await phone.held;
  await auth.logout();
  phone.letGo();
  await assert.rejects(login, { kind: 'login' });
  await phone.settle();
  assert.equal(auth.checkLoginStatus(), false);
  const { header } = phone.requests.find(({ path }) => path === '/api/v1/auth/logout');
  const answer = await fetch(`${world.weir}/api/v1/users/me`, { headers: header });
  assert.equal(answer.status, 401, 'nor is a session left on the server');
});

test('half a login is none', async () => {
  for (const key of ['access_token', 'user_info']) {
    const phone = await loggedIn('alice');
    phone.storage.delete(key);
    phone.start();
    await phone.open('/pages/profile/profile');
    assert.equal(phone.page.route, 'pages/login/login', `without ${key}`);
    await phone.open('/pages/resume/resume');
    assert.equal(phone.has('.error'), false);
  }
});

test('when wx.login fails or gives no code the page says so, and the next tap works', async () => {
  const phone = new Phone(world, 'alice', { language: 'en' });
  await phone.open('/pages/login/login');
  phone.failsLogin = 'the service is not available';
  await phone.tap('.login');
  assert.equal(phone.said('.error'), 'WeChat did not finish. Please try again.');
  phone.failsLogin = undefined;
  phone.code = '';
  await phone.tap('.login');
  assert.equal(phone.said('.error'), 'WeChat did not finish. Please try again.');
  assert.deepEqual(phone.requests, [], 'no code is asked about that is none');
  phone.code = undefined;
  await phone.tap('.login');
  assert.equal(phone.page.route, 'pages/profile/profile');
});

test('a code that was used already is told in WeChat words', async () => {
  const phone = await loggedIn('alice');
  phone.code =
    phone.requests.code ?? (await world.control('login-code', { appid: 'mini', user: 'alice' })).code;
  await phone.require('utils/wechat-login.js').wechatLogin();
  await phone.open('/pages/login/login');
  await phone.tap('.login');
  assert.match(phone.said('.error'), /^微信登录失败: .*\(错误码: 40163\)$/);
});

test('a failure of which WeChat says nothing at all leaves no page waiting', async () => {
  const phone = new Phone(world, 'alice', { library: '2.26.2', config: { cloudEnv: 'demo-1' } });
  phone.saysNothing = true;
  phone.failsLogin = 'no';
  await phone.open('/pages/login/login');
  await phone.tap('.login');
  assert.equal(phone.said('.error'), '微信没有完成操作，请重试。');
  phone.failsUpload = 'no';
  await phone.tap('.choose');
  await phone.tap('.login');
  assert.equal(phone.said('.error'), '网络不通，请检查网络后重试。');

  const direct = await loggedIn('alice');
  direct.saysNothing = true;
  direct.isOffline = true;
  await direct.tap('.refresh');
  assert.equal(direct.said('.error'), '网络不通，请检查网络后重试。');
  direct.isOffline = false;
  direct.show('/pages/resume/resume');
  direct.hasMessagesOff = true;
  await direct.tap('.subscribe');
  assert.equal(direct.said('.error'), '微信没有完成操作，请重试。');
});

test('with the storage full a login holds until the mini-program is closed, and is never half of it', async () => {
  const phone = await loggedIn('alice');
  await phone.tap('.logout');
  phone.isFull = true;
  await phone.tap('.login');
  assert.equal(phone.page.route, 'pages/profile/profile');
  await world.advance(8 * DAY);
  await phone.tap('.refresh');
  assert.equal(phone.said('.notice'), '已刷新');
  await phone.tap('.logout');
  assert.equal(phone.require('utils/wechat-login.js').checkLoginStatus(), false);
  await phone.tap('.login');
  phone.start();
  await phone.open('/pages/profile/profile');
  assert.equal(phone.page.route, 'pages/login/login');
});

test('with the storage full the next person is not taken for the one before', async () => {
  const phone = await loggedIn('alice');
  const auth = phone.require('utils/wechat-login.js');
  phone.isFull = true;
  phone.code = (await world.control('login-code', { appid: 'mini', user: 'bob' })).code;
  const { token, userInfo } = await auth.wechatLogin();
  assert.equal(auth.getLocalToken(), token);
  assert.deepEqual(auth.getLocalUserInfo(), userInfo);
  phone.start();
  assert.equal(phone.require('utils/wechat-login.js').checkLoginStatus(), false);
});

test('with the storage full no old token is used again after a refresh', async () => {
  const phone = await loggedIn('alice');
  phone.isFull = true;
  const next = await phone.require('utils/wechat-login.js').refreshToken();
  assert.equal(phone.require('utils/wechat-login.js').getLocalToken(), next);
  phone.start();
  assert.equal(phone.require('utils/wechat-login.js').getLocalToken(), null);
});

test('whoever has not agreed to the privacy notice is told that', async () => {
  const phone = new Phone(world, 'alice', { language: 'en' });
  phone.refusesPrivacy = true;
  await phone.open('/pages/login/login');
  await phone.tap('.phone');
  assert.equal(phone.said('.error'), 'Please agree to the privacy notice first.');
  assert.equal(phone.logins, 0);
});

test('a picture that cannot be uploaded keeps nobody out for good', async () => {
  const phone = new Phone(world, 'alice', { config: { cloudEnv: 'demo-1' } });
  phone.failsUpload = 'exceed max file size';
  await phone.open('/pages/login/login');
  await phone.tap('.choose');
  await phone.tap('.login');
  assert.equal(phone.said('.error'), '网络不通，请检查网络后重试。');
  assert.equal(phone.logins, 0);
  phone.failsUpload = undefined;
  await phone.tap('.login');
  assert.equal(phone.page.route, 'pages/profile/profile');
});

test('the place of a picture has its kind at the end, and no more of its name', async () => {
  const phone = new Phone(world, 'alice', { config: { cloudEnv: 'demo-1' } });
  const { upload } = phone.require('utils/avatar.js');
  for (const [file, place] of [
    ['http://tmp/a.b.jpeg', /^cloud:\/\/demo\/avatars\/\d+-\w+\.jpeg$/],
    ['wxfile://tmp_1234', /^cloud:\/\/demo\/avatars\/\d+-\w+$/],
    ['https://thirdwx.qlogo.cn/mmopen/abc/132', /^cloud:\/\/demo\/avatars\/\d+-\w+$/],
  ])
    assert.match(await upload(file), place);
});

test('back and forth between profile and resume, all buttons go on working', async () => {
  const phone = await loggedIn('alice');
  for (let times = 0; times < 12; times += 1) {
    await phone.tap('.resumes');
    assert.equal(phone.page.route, 'pages/resume/resume');
    await phone.tap('.profile');
    assert.equal(phone.page.route, 'pages/profile/profile');
  }
  assert.equal(phone.stack.length, 1);
});

test('where a Weir serves several mini-programs it is told which this is', async () => {
  await loggedIn('alice', { config: { app: 'mini' } });
  const phone = new Phone(world, 'alice', { config: { app: 'another' } });
  await phone.open('/pages/login/login');
  await phone.tap('.login');
  assert.match(phone.said('.error'), /another|appid/);
});

test('who has typed a name under an old library is asked for no other', async () => {
  const phone = new Phone(world, 'bob', { library: '2.26.2' });
  globalThis.wx.getUserProfile = () => assert.fail('nobody needs it');
  await phone.open('/pages/login/login');
  await phone.type('.input', '阿波');
  await phone.tap('.login');
  assert.equal(phone.said('.name'), '阿波');
});

test('without a login nobody is asked anything', async () => {
  const phone = new Phone(world, 'alice');
  await assert.rejects(phone.require('utils/wechat-login.js').refreshToken(), { kind: 'login' });
  await assert.rejects(phone.require('utils/api.js').call(profile), { kind: 'login' });
  await phone.require('utils/wechat-login.js').logout();
  assert.deepEqual(phone.requests, []);
});

test('a login or refresh that ends late leaves the next one alone', async () => {
  const phone = await loggedIn('alice');
  const auth = phone.require('utils/wechat-login.js');
  for (const [path, ask] of [
    ['/api/v1/auth/wx-login', () => auth.wechatLogin()],
    ['/api/v1/auth/refresh', () => auth.refreshToken()],
  ]) {
    phone.holdsBack(path);
    const { letGo, held } = phone;
    const first = ask();
    await held;
    await auth.logout();
    if (path.endsWith('refresh')) {
      phone.holds = undefined;
      await auth.wechatLogin();
    }
    phone.holdsBack(path);
    const second = ask();
    await phone.held;
    letGo();
    await assert.rejects(first, { kind: 'login' });
    assert.equal(ask(), second, 'the one under way is everybody’s');
    phone.letGo();
    await second;
    phone.holds = undefined;
  }
});

test('a refusal that no new token mends makes no refresh', async () => {
  const phone = await loggedIn('alice');
  const { call } = phone.require('utils/api.js');
  for (const [statusCode, kind] of [
    [403, 'refused'],
    [404, 'refused'],
    [409, 'stale'],
    [429, 'busy'],
    [500, 'server'],
    [503, 'busy'],
  ]) {
    phone.between = () => ({ statusCode, data: { code: statusCode, message: 'no' } });
    await assert.rejects(call(profile), { kind, statusCode });
    phone.between = () => ({ statusCode, data: '<html>' });
    await assert.rejects(call(profile), { kind: kind === 'busy' ? 'busy' : 'server' });
  }
  assert.equal(refreshes(phone), 0);
});

test('an answer for who has gone throws nobody out who has come', async () => {
  const phone = await loggedIn('alice');
  const auth = phone.require('utils/wechat-login.js');
  phone.holdsBack('/api/v1/users/me');
  await phone.press('.refresh');
  await phone.held;
  await auth.logout();
  phone.code = (await world.control('login-code', { appid: 'mini', user: 'bob' })).code;
  await auth.wechatLogin();
  phone.letGo();
  await phone.settle();
  assert.equal(phone.page.route, 'pages/profile/profile');
  assert.equal(phone.storage.get('user_info').openid, (await world.person('bob')).openids[APPID]);
});

test('two taps before the button is grey are one', async () => {
  const phone = await loggedIn(await world.someone());
  const twice = async (selector) => {
    phone.requests.length = 0;
    const button = phone.find(selector);
    button.dispatchEvent('tap');
    button.dispatchEvent('tap');
    await phone.settle();
    return phone.requests.map(({ method, path }) => `${method} ${path}`);
  };
  assert.deepEqual(await twice('.refresh'), ['GET /api/v1/users/me']);
  await phone.open('/pages/resume/resume');
  assert.deepEqual(await twice('.book'), ['POST /api/customer/action']);
  await phone.open('/pages/login/login');
  const asked = await twice('.login');
  assert.equal(asked.filter((one) => one === 'POST /api/v1/auth/wx-login').length, 1);
});

test('who has no name is called what nobody is called, in their language', async () => {
  for (const [language, name] of [
    ['zh_CN', '微信用户'],
    ['en', 'WeChat user'],
    ['ru', 'Пользователь WeChat'],
  ]) {
    const phone = await loggedIn(await world.someone(), { language });
    assert.equal(phone.said('.name'), name);
  }
});

test('the pages of each language have titles in it', async () => {
  for (const [lang, titles] of [
    ['zh', ['登录', '我的', '简历', '客户线索']],
    ['en', ['Log in', 'Me', 'Resume', 'Lead']],
    ['ru', ['Вход', 'Профиль', 'Резюме', 'Заявка']],
  ]) {
    const phone = await loggedIn('alice');
    for (const [at, page] of [
      'login/login',
      'profile/profile',
      'resume/resume',
      'customer/detail',
    ].entries()) {
      await phone.open(`/pages/${page}?lang=${lang}`);
      assert.equal(phone.title, titles[at]);
    }
  }
});

test('who is not logged in is asked for no messages in vain', async () => {
  const phone = new Phone(world, 'alice');
  globalThis.wx.requestSubscribeMessage = () => assert.fail('the answer would be lost');
  await phone.open('/pages/resume/resume');
  await phone.tap('.subscribe');
  assert.equal(phone.page.route, 'pages/login/login');
});
