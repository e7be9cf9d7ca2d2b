import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
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
/** Both functions, with whatever stands at that address in Weir's place. */
const both = async (WEIR_BASE_URL) => {
  const environment = { WEIR_BASE_URL, WEIR_API_KEY: key };
  return [
    await proxy({ path: '/api/v1/users/me' }, environment),
    await login({}, { OPENID: 'o-somebody', APPID }, environment),
  ];
};

/** Somebody who is not Weir. */
async function stranger(t, answers, server = createServer(answers)) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `127.0.0.1:${server.address().port}`;
}

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

test('the proxy sends a body as it was given, and none where none was', async (t) => {
  const seen = [];
  const address = await stranger(t, async (request, answer) => {
    const parts = await request.toArray();
    seen.push([Buffer.concat(parts).toString(), request.url, request.headers['x-forwarded-for']]);
    answer.end('{}');
  });
  const environment = { WEIR_BASE_URL: `http://${address}` };
  const path = '/api/v1/users/me';
  for (const [event, caller] of [
    [{ method: 'PATCH', path, body: { nickname: '红' }, data: { nickname: 'x' } }, { CLIENTIP: '192.0.2.7' }],
    [{ method: 'PATCH', path, body: null, data: { nickname: 'x' } }, { CLIENTIPV6: '2001:db8::7' }],
    [{ method: 'PATCH', path, data: [1] }, {}],
    [{ path, query: { a: '1&b=2', c: 3 } }, {}],
  ]) {
    assert.equal((await runFunction('api-proxy', event, { caller, environment })).statusCode, 200);
  }
  assert.deepEqual(seen, [
    ['{"nickname":"红"}', path, '192.0.2.7'],
    ['null', path, '2001:db8::7'],
    ['[1]', path, undefined],
    ['', `${path}?a=1%26b%3D2&c=3`, undefined],
  ]);
});

test('the function that logs in says who WeChat says it is, and what they are called', async (t) => {
  let seen;
  const address = await stranger(t, async (request, answer) => {
    seen = Buffer.concat(await request.toArray()).toString();
    answer.setHeader('Retry-After', '7').end('{}');
  });
  const environment = { WEIR_BASE_URL: `http://${address}`, WEIR_API_KEY: key };
  const caller = { OPENID: 'o-x', UNIONID: 'u-x', APPID };
  const given = {
    nickname: '红',
    avatar: 'cloud://a',
    openid: 'o-other',
    unionid: 'u-other',
    appid: 'other',
  };
  const answer = await login(given, caller, environment);
  assert.equal(answer.headers['retry-after'], '7');
  const sent = { openid: 'o-x', unionid: 'u-x', appid: APPID, nickname: '红', avatar: 'cloud://a' };
  assert.deepEqual(JSON.parse(seen), sent);
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

for (const [what, answers, statusCode, told] of [
  [
    'leads on',
    (_, answer) => answer.writeHead(301, { Location: 'https://weir.example.com/' }).end('{}'),
    502,
    /leads on to another address/,
  ],
  ['is a page', (_, answer) => answer.end('<html>'), 502, /HTTP 200 without JSON/],
  ['is no Weir', (_, answer) => answer.writeHead(404).end('404'), 502, /HTTP 404 without JSON/],
  ['is a proxy without Weir', (_, answer) => answer.writeHead(502).end('Bad Gateway'), 502, /is Weir down/],
  ['is busy', (_, answer) => answer.writeHead(503).end('later'), 503, /HTTP 503/],
  ['says nothing', (_, answer) => answer.end(), 502, /HTTP 200 without JSON/],
  ['breaks off', (_, answer) => answer.write('{"data":', () => answer.destroy()), 502, /cannot be reached/],
  ['has too much to say', (_, answer) => answer.end(`{"data":"${'x'.repeat(1 << 20)}"}`), 502, /too long/],
]) {
  test(`when what answers ${what}, that is what the functions say`, async (t) => {
    const address = await stranger(t, answers);
    for (const answer of await both(`http://${address}`)) {
      assert.equal(answer.statusCode, statusCode);
      assert.equal(answer.data.code, statusCode);
      assert.match(answer.data.message, told);
      assert.ok(!JSON.stringify(answer).includes(address));
    }
  });
}

test('an answer as long as Weir may give one is handed on', async (t) => {
  const data = 'x'.repeat((1 << 20) - 11);
  const address = await stranger(t, (_, answer) => answer.end(`{"data":"${data}"}`));
  for (const answer of await both(`http://${address}`)) assert.equal(answer.data.data, data);
});

test('who answers drop by drop has ten seconds for all of it', async (t) => {
  let come;
  const address = await stranger(t, (_, answer) => answer.write('{', () => come()));
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const environment = { WEIR_BASE_URL: `http://${address}`, WEIR_API_KEY: key };
  for (const ask of [
    () => proxy({ path: '/api/v1/users/me' }, environment),
    () => login({}, { OPENID: 'o-somebody', APPID }, environment),
  ]) {
    const came = new Promise((resolve) => {
      come = resolve;
    });
    let isOver = false;
    const asked = ask().finally(() => {
      isOver = true;
    });
    await came;
    t.mock.timers.tick(9999);
    await new Promise((done) => setImmediate(done));
    assert.equal(isOver, false);
    t.mock.timers.tick(1);
    const answer = await asked;
    assert.equal(answer.statusCode, 502);
    assert.match(answer.data.message, /in time/);
  }
});

test('a certificate that nobody knows, and a server without one, are told apart from a server that is down', async (t) => {
  const made = execFileSync(
    'openssl',
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=weir -keyout - -out -'.split(
      ' ',
    ),
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const secure = await stranger(t, undefined, createSecureServer({ key: made, cert: made }));
  const plain = await stranger(t, (_, answer) => answer.end('{}'));
  for (const [base, told] of [
    [`https://${secure}`, /certificate is not accepted/],
    [`https://${plain}`, /no HTTPS is spoken/],
    ['http://nobody.invalid', /nobody knows the host/],
  ]) {
    for (const answer of await both(base)) {
      assert.equal(answer.statusCode, 502);
      assert.match(answer.data.message, told);
    }
  }
});

test('an address of a cloud function may end in slashes and line breaks, and must be one of the web', async () => {
  const { code } = await world.control('login-code', { appid: 'mini', user: 'alice' });
  const call = { method: 'POST', path: '/api/v1/auth/wx-login', body: { code } };
  assert.equal((await proxy(call, { WEIR_BASE_URL: ` ${world.weir}//\n` })).statusCode, 200);
  const { openids } = await world.person('alice');
  const caller = { OPENID: openids[APPID], APPID };
  const environment = { WEIR_BASE_URL: `${world.weir}/\n`, WEIR_API_KEY: `${key}\n` };
  assert.equal((await login({}, caller, environment)).statusCode, 200);
  for (const base of ['weir.example.com', 'localhost:8080', 'ftp://weir.example.com', 'file:///etc/passwd']) {
    for (const answer of await both(base)) {
      assert.equal(answer.statusCode, 503);
      assert.match(answer.data.message, /no address/);
    }
  }
});

test('what the functions send is theirs: no header is smuggled in, and the address of who calls goes along', async (t) => {
  const seen = [];
  const address = await stranger(t, (request, answer) => {
    seen.push(request.rawHeaders.join('\n').toLowerCase());
    answer.end('{}');
  });
  const environment = { WEIR_BASE_URL: `http://${address}`, WEIR_API_KEY: key };
  const path = '/api/v1/users/me';
  for (const authorization of ['Bearer x\r\nX-Wx-Openid: o-other', 'Bearer \u0000', 'Bearer 秘密']) {
    const answer = await proxy({ path, headers: { authorization } }, environment);
    assert.equal(answer.statusCode, 400);
    assert.match(answer.data.message, /characters/);
  }
  assert.deepEqual(seen, []);
  const headers = {
    Authorization: ['Bearer x', 'Bearer y'],
    'X-Wx-Openid': 'o-other',
    Cookie: 'weir_h5=1',
    'X-Forwarded-For': '203.0.113.9',
    'Idempotency-Key': 'k-1',
  };
  await proxy({ path, headers }, environment);
  await login(
    { headers, 'x-forwarded-for': '203.0.113.9' },
    { OPENID: 'o-x', CLIENTIP: '192.0.2.7' },
    environment,
  );
  const [proxied, loggedIn] = seen;
  assert.match(proxied, /idempotency-key\nk-1/);
  for (const sent of seen) {
    assert.match(sent, /x-forwarded-for\n192\.0\.2\.7/);
    assert.doesNotMatch(sent, /o-other|weir_h5|203\.0\.113\.9|bearer y/);
  }
  assert.doesNotMatch(proxied, /authorization/, 'nor is what is no text');
  assert.match(loggedIn, new RegExp(`bearer ${key}`, 'i'));
});

test('a key that Weir does not accept is nothing that a person could mend', async () => {
  const crm = await world.key('crm:read');
  for (const WEIR_API_KEY of ['weir_nonsense', crm, 'two\nlines']) {
    const answer = await login(
      {},
      { OPENID: 'o-somebody', APPID },
      { WEIR_BASE_URL: world.weir, WEIR_API_KEY },
    );
    assert.ok(answer.statusCode >= 502, `${answer.statusCode}`);
    assert.match(answer.data.message, /WEIR_API_KEY/);
    assert.ok(!JSON.stringify([answer, log.calls.map((call) => call.arguments)]).includes(WEIR_API_KEY));
  }
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
