import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { runFunction } from './support/cloud.js';
import { Phone } from './support/phone.js';
import { World } from './support/world.js';

const APPID = 'wx1000000000000001';

let world;
let key;
before(async () => {
  world = await World.start();
  key = await world.key('users:write');
});
after(() => world?.end());

/** What the functions write into their log. */
let log;
beforeEach((t) => {
  log = t.mock.method(console, 'error', () => {}).mock;
});

const proxy = (event, environment = { WEIR_BASE_URL: world.weir }) =>
  runFunction('api-proxy', event, { caller: { CLIENTIP: '192.0.2.7' }, environment });
const login = (event, caller, environment = { WEIR_BASE_URL: world.weir, WEIR_API_KEY: key }) =>
  runFunction('wechat-login', event, { caller, environment });

test('with a cloud environment every call goes through the cloud function', async () => {
  const config = { cloudEnv: 'demo-1', baseUrl: 'http://127.0.0.1:9' };
  const phone = new Phone(world, 'alice', { config });
  await phone.open('/pages/login/login');
  await phone.tap('.choose');
  await phone.type('.input', '云朵');
  await phone.tap('.phone');
  assert.equal(phone.page.route, 'pages/profile/profile', phone.text);
  assert.equal(phone.said('.name'), '云朵');
  assert.equal(phone.said('.number'), '138****8000');
  // With a cloud environment there is a place for the picture.
  assert.match(phone.attribute('.avatar-image', 'src'), /^cloud:\/\/demo\/avatars\/.+\.png$/);
  await phone.tap('.resumes');
  await phone.tap('.book');
  assert.equal(phone.said('.notice'), '预约已提交');
  await world.advance(8 * 24 * 60 * 60);
  await phone.tap('.contact');
  assert.equal(phone.said('.notice'), '顾问会尽快联系您');
  assert.deepEqual(phone.requests, []);
});

test('the cloud logs in whom WeChat says it is, without a code', async () => {
  const phone = new Phone(world, 'bob', { config: { cloudEnv: 'demo-1', cloudLogin: true } });
  phone.functionKey = key;
  await phone.open('/pages/login/login');
  await phone.type('.input', '阿波');
  await phone.tap('.login');
  assert.equal(phone.said('.name'), '阿波');
  assert.equal(phone.said('.openid'), (await world.person('bob')).openids[APPID]);
  assert.equal(phone.logins, 0);
});

test('whoever calls wechat-login cannot say who they are', async () => {
  const { openids } = await world.person('carol');
  const bob = (await world.person('bob')).openids[APPID];
  const answer = await login({ openid: bob, OPENID: bob }, { OPENID: openids[APPID], APPID });
  assert.equal(answer.statusCode, 200);
  assert.equal(answer.data.data.user.openid, openids[APPID]);
  assert.equal((await login({ openid: bob }, {})).statusCode, 401);
});

for (const [method, path] of [
  ['GET', '/metrics'],
  ['POST', '/api/message/send'],
  ['POST', '/api/v1/auth/cloud-login'],
  ['DELETE', '/api/v1/auth/wx-login'],
  ['GET', '/api/v1/users/me/../../../../metrics'],
  ['GET', 'http://127.0.0.1:9/api/v1/users/me'],
  ['GET', '//127.0.0.1:9/api/v1/users/me'],
  ['GET', '/api/v1/users/me?x=1'],
  ['GET', '__proto__'],
  ['GET', ['/api/v1/users/me']],
]) {
  test(`the proxy is not open: ${method} ${path}`, async () => {
    assert.equal((await proxy({ method, path })).statusCode, 403);
  });
}

test('the proxy takes body or data, and hands back what the server says', async () => {
  for (const name of ['body', 'data']) {
    const { code } = await world.control('login-code', { appid: 'mini', user: 'alice' });
    const answer = await proxy({ method: 'post', path: '/api/v1/auth/wx-login', [name]: { code } });
    assert.equal(answer.statusCode, 200);
    assert.match(answer.headers['content-type'], /json/);
    assert.ok(answer.data.data.access_token);
  }
  const refused = await proxy({ method: 'POST', path: '/api/v1/auth/wx-login', body: { code: 'x' } });
  assert.equal(refused.statusCode, 401);
  assert.match(refused.data.message, /40029/);
});

test('the proxy hands on the token and the request id, and no other header', async () => {
  const { code } = await world.control('login-code', { appid: 'mini', user: 'alice' });
  const { data } = await proxy({ method: 'POST', path: '/api/v1/auth/wx-login', body: { code } });
  const headers = {
    AUTHORIZATION: `Bearer ${data.data.access_token}`,
    'X-Request-Id': 'r-1',
    Host: 'elsewhere',
  };
  const answer = await proxy({ path: '/api/v1/users/me', headers, query: { a: '1' } });
  assert.equal(answer.statusCode, 200);
  assert.equal(answer.headers['x-request-id'], 'r-1');
});

test('a server that cannot be reached is a clear answer, and its address stays in the log', async () => {
  const environment = { WEIR_BASE_URL: 'http://127.0.0.1:9', WEIR_API_KEY: key };
  const answers = [
    await proxy({ path: '/api/v1/users/me' }, environment),
    await login({}, { OPENID: 'o-somebody', APPID }, environment),
  ];
  for (const answer of answers) {
    assert.equal(answer.statusCode, 502);
    assert.ok(!JSON.stringify(answer).includes('127.0.0.1'));
  }
  assert.equal(log.callCount(), 2);
  assert.ok(!JSON.stringify(log.calls.map((call) => call.arguments)).includes(key));
});

test('what callers leave out or send as null does not make the function throw', async () => {
  const call = { method: null, path: '/api/v1/users/me', headers: null, query: null };
  assert.equal((await proxy(call)).statusCode, 401);
  assert.equal((await proxy(call, { WEIR_BASE_URL: 'not an address' })).statusCode, 503);
});

test('a cloud function that was not set up says what is missing', async () => {
  assert.match(
    (await proxy({ path: '/api/v1/users/me' }, { WEIR_BASE_URL: undefined })).data.message,
    /WEIR_BASE_URL/,
  );
  const without = await login({}, { OPENID: 'o-x' }, { WEIR_BASE_URL: world.weir, WEIR_API_KEY: undefined });
  assert.equal(without.statusCode, 503);
});
