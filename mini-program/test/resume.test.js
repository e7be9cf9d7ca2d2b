import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Phone } from './support/phone.js';
import { World } from './support/world.js';

const DAY = 24 * 60 * 60;

let world;
before(async () => {
  world = await World.start();
});
after(() => world?.end());

let advisors = 0;

/** A customer with the resume of an advisor of their own before them. */
async function customer(person, { options, phoneNumber = false } = {}) {
  advisors += 1;
  const advisor = `advisor-${advisors}`;
  const phone = new Phone(world, person, options);
  await phone.open('/pages/login/login');
  await phone.tap(phoneNumber ? '.phone' : '.login');
  await phone.open(`/pages/resume/resume?id=resume-1&advisor=${advisor}`);
  const recorded = async () => {
    const items = await world.read(`/api/customer/actions?advisorId=${advisor}`);
    return items.map(({ actionType }) => actionType).reverse();
  };
  return { phone, advisor, recorded };
}

const kept = (phone) => phone.storage.get('kept_reports') ?? [];
/** The actions that were sent, in their order. */
const sent = (phone) =>
  phone.requests.filter(({ path }) => path === '/api/customer/action').map(({ data }) => data.actionType);
const keys = (phone) =>
  phone.requests
    .filter(({ path }) => path === '/api/customer/action')
    .map(({ header }) => header['Idempotency-Key']);

test('a look, a call and a booking are recorded, each once', async () => {
  const { phone, recorded } = await customer('alice');
  await phone.tap('.contact');
  assert.equal(phone.said('.notice'), '顾问会尽快联系您');
  await phone.tap('.book');
  assert.equal(phone.said('.notice'), '预约已提交');
  await phone.tap('.profile');
  phone.require('utils/actions.js').flush();
  await phone.settle();
  assert.deepEqual(await recorded(), ['view_resume', 'contact_advisor', 'book_service']);
  assert.deepEqual(kept(phone), []);
});

test('whoever is not logged in sees the resume, and after the login goes on where they were', async () => {
  const phone = new Phone(world, 'alice');
  await phone.open('/pages/resume/resume?advisor=advisor-login');
  assert.match(phone.text, /王阿姨/);
  await phone.tap('.contact');
  assert.equal(phone.page.route, 'pages/login/login');
  await phone.tap('.login');
  assert.equal(phone.page.route, 'pages/resume/resume');
  const items = await world.read('/api/customer/actions?advisorId=advisor-login');
  assert.deepEqual(
    items.map(({ actionType }) => actionType),
    ['view_resume'],
  );
});

test('when the server is down an action is kept, and sent later under the same key', async () => {
  const { phone, recorded } = await customer('bob', { options: { language: 'en' } });
  await world.down();
  try {
    await phone.tap('.book');
    assert.equal(phone.said('.notice'), 'No connection: this is saved, and goes out by itself later.');
    assert.equal(kept(phone).length, 1);
  } finally {
    await world.up();
  }
  // The mini-program was closed in the meantime.
  phone.start();
  await phone.settle();
  assert.deepEqual(kept(phone), []);
  assert.deepEqual(await recorded(), ['view_resume', 'book_service']);
  const [, first, ...later] = keys(phone);
  assert.ok(first && later.length > 0 && later.every((key) => key === first));
});

test('an action whose answer is lost counts once', async () => {
  const { phone, recorded } = await customer('alice');
  phone.losesAnswers = true;
  await phone.tap('.contact');
  assert.equal(phone.said('.notice'), '网络不通，已保存，稍后自动发送。');
  phone.losesAnswers = false;
  phone.networkChanged({ isConnected: true });
  await phone.settle();
  assert.deepEqual(kept(phone), []);
  assert.deepEqual(await recorded(), ['view_resume', 'contact_advisor']);
});

test("an answer that is not the server's is no success: the action stays", async () => {
  const { phone, recorded } = await customer('alice');
  // The page of a hotel's network, and what a proxy on the way makes up.
  for (const data of ['<html>Log in to our network</html>', {}, null, '']) {
    phone.between = () => ({ statusCode: 200, data });
    await phone.tap('.contact');
    assert.ok(kept(phone).length > 0, JSON.stringify(data));
  }
  phone.between = undefined;
  phone.networkChanged({ isConnected: true });
  await phone.settle();
  assert.deepEqual(kept(phone), []);
  assert.deepEqual((await recorded()).slice(0, 2), ['view_resume', 'contact_advisor']);
});

test('an action at which the server fails, or which is still under way, keeps no other back', async () => {
  const { phone, recorded } = await customer('bob');
  const isCall = ({ path, data }) => path === '/api/customer/action' && data.actionType === 'contact_advisor';
  for (const statusCode of [500, 409]) {
    phone.between = (asked) =>
      isCall(asked) ? { statusCode, data: { success: false, message: 'no' } } : undefined;
    await phone.tap('.contact');
    await phone.tap('.book');
    assert.deepEqual(
      kept(phone).map(({ body }) => body.actionType),
      ['contact_advisor'],
      `${statusCode}`,
    );
    phone.between = undefined;
    phone.networkChanged({ isConnected: true });
    await phone.settle();
    assert.deepEqual(kept(phone), []);
  }
  const all = await recorded();
  assert.equal(all.filter((kind) => kind === 'contact_advisor').length, 2);
  assert.equal(all.filter((kind) => kind === 'book_service').length, 2);
});

test('when the answer of a refresh is lost the session may end, and the action waits for the login', async () => {
  const { phone, recorded } = await customer('carol');
  await world.advance(8 * DAY);
  phone.losesAnswers = '/api/v1/auth/refresh';
  await phone.tap('.book');
  assert.equal(kept(phone).length, 1);
  phone.losesAnswers = undefined;
  // The old token was used: to the server it is a copy.
  phone.networkChanged({ isConnected: true });
  await phone.settle();
  assert.equal(phone.storage.has('access_token'), false);
  assert.equal(kept(phone).length, 1);
  await phone.open('/pages/login/login');
  await phone.tap('.login');
  await phone.settle();
  phone.require('utils/actions.js').flush();
  await phone.settle();
  assert.deepEqual(kept(phone), []);
  assert.deepEqual(await recorded(), ['view_resume', 'book_service']);
});

test('what is kept waits for its owner', async () => {
  const { phone, recorded } = await customer('alice');
  phone.isOffline = true;
  await phone.tap('.book');
  await phone.require('utils/wechat-login.js').logout();
  phone.isOffline = false;

  const other = new Phone(world, 'bob');
  other.storage = phone.storage;
  await other.open('/pages/login/login');
  await other.tap('.login');
  await other.tap('.logout');
  assert.deepEqual(await recorded(), ['view_resume']);

  phone.start();
  await phone.open('/pages/login/login');
  await phone.tap('.login');
  assert.deepEqual(await recorded(), ['view_resume', 'book_service']);
});

test('what is kept longer than the server knows its key is dropped', async (t) => {
  const { phone, recorded } = await customer('alice');
  phone.isOffline = true;
  await phone.tap('.book');
  phone.isOffline = false;
  const later = Date.now() + DAY * 1000;
  t.mock.method(Date, 'now', () => later);
  phone.start();
  await phone.settle();
  assert.deepEqual(kept(phone), []);
  assert.deepEqual(await recorded(), ['view_resume']);
});

test('an action that the server refuses is told and not tried again', async () => {
  const { phone } = await customer('alice');
  await phone.open(`/pages/resume/resume?advisor=${'x'.repeat(129)}`);
  assert.match(phone.said('.error'), /advisorId/);
  assert.deepEqual(kept(phone), []);
});

test('an expired token is renewed under an action, which is recorded once', async () => {
  const { phone, recorded } = await customer('alice');
  await world.advance(8 * DAY);
  await phone.tap('.contact');
  assert.equal(phone.said('.notice'), '顾问会尽快联系您');
  assert.deepEqual(await recorded(), ['view_resume', 'contact_advisor']);
});

test('when only a login helps, an action waits for it', async () => {
  const { phone, recorded } = await customer('alice');
  await world.advance(60 * DAY);
  await phone.tap('.contact');
  assert.equal(phone.page.route, 'pages/login/login');
  await phone.tap('.login');
  assert.equal(phone.page.route, 'pages/resume/resume');
  assert.deepEqual(await recorded(), ['view_resume', 'contact_advisor']);
});

test('a customer with a phone number is one lead, and the advisor is told of them once', async () => {
  const { phone: advisorPhone, advisor } = await customer('carol');
  advisorPhone.answers = { TMPL_DEMO_ACTION: 'accept' };
  await advisorPhone.tap('.subscribe');
  assert.equal(advisorPhone.said('.notice'), '下一位客户有动作时会通知您');

  const phone = new Phone(world, 'bob');
  await phone.open('/pages/login/login');
  await phone.tap('.phone');
  await phone.open(`/pages/resume/resume?advisor=${advisor}`);
  await phone.tap('.contact');
  await phone.tap('.book');

  const leads = await world.read(`/api/leads?assignedTo=${advisor}`);
  assert.deepEqual(
    leads.map((lead) => lead.phone),
    ['13800138001'],
  );
  // One yes is one message, whatever else the customer does.
  const [message, ...more] = await world.inbox('carol', 1);
  assert.deepEqual(more, []);
  assert.equal(message.data.thing1.value, '新客户查看了您的简历');
  assert.equal(message.data.thing3.value, '13800138001');

  // The message leads to a page that there is.
  await advisorPhone.start();
  await advisorPhone.open(`/${message.page}`);
  assert.equal(advisorPhone.said('.number'), leads[0]._id);
  await advisorPhone.tap('.copy');
  assert.equal(advisorPhone.clipboard, leads[0]._id);
});

test('whoever gives their number on the resume becomes a lead with the next action', async () => {
  const { phone, advisor } = await customer('alice');
  await phone.tap('.phone');
  assert.equal(phone.has('.phone'), false);
  await phone.tap('.contact');
  const leads = await world.read(`/api/leads?assignedTo=${advisor}`);
  assert.deepEqual(
    leads.map((lead) => lead.phone),
    ['13800138000'],
  );
});

for (const [answer, told] of [
  ['accept', '下一位客户有动作时会通知您'],
  ['reject', '您没有同意接收通知'],
  ['ban', '您没有同意接收通知'],
]) {
  test(`an advisor answers the prompt with ${answer}, and the server knows`, async () => {
    const { phone, advisor } = await customer(await world.someone());
    phone.answers = { TMPL_DEMO_ACTION: answer };
    await phone.tap('.subscribe');
    assert.equal(phone.said('.notice'), told);
    const [subscription] = await world.read(`/api/advisor/subscriptions?advisorId=${advisor}`);
    assert.equal(subscription.subscribed, answer === 'accept');
    assert.equal(subscription.remaining, answer === 'accept' ? 1 : 0);
  });
}

test('messages that are switched off are said to be', async () => {
  const { phone } = await customer(await world.someone());
  phone.hasMessagesOff = true;
  await phone.tap('.subscribe');
  assert.equal(phone.said('.error'), '您没有允许，可以再点一次。');
});

test('a yes that could not be sent is kept and counts once', async () => {
  const { phone, advisor } = await customer(await world.someone());
  phone.answers = { TMPL_DEMO_ACTION: 'accept' };
  phone.losesAnswers = true;
  await phone.tap('.subscribe');
  assert.match(phone.said('.notice'), /已保存/);
  phone.losesAnswers = false;
  phone.app.onShow();
  await phone.settle();
  const [subscription] = await world.read(`/api/advisor/subscriptions?advisorId=${advisor}`);
  assert.equal(subscription.remaining, 1);
});

test("in WeChat's tools the simulator's person says yes", async () => {
  const user = await world.someone();
  const simulator = { url: world.simulator, app: 'mini', user };
  const { phone, advisor } = await customer(user, { options: { config: { simulator } } });
  await phone.tap('.subscribe');
  const [subscription] = await world.read(`/api/advisor/subscriptions?advisorId=${advisor}`);
  assert.equal(subscription.remaining, 1);
});

test('what WeChat or a machine on the way says instead of Weir loses no action', async () => {
  const { phone, recorded } = await customer('alice');
  for (const between of [
    { fails: 'cancelled' },
    { fails: 'permission denied' },
    { statusCode: 404, data: 'default backend - 404' },
    { statusCode: 403, data: '<html>' },
    { statusCode: 404, data: { message: 'no Route matched with those values' } },
  ]) {
    phone.between = () => between;
    await phone.tap('.contact');
    assert.equal(kept(phone).length, 1, JSON.stringify(between));
    phone.between = undefined;
    phone.networkChanged({ isConnected: true });
    await phone.settle();
    assert.deepEqual(kept(phone), []);
  }
  assert.equal((await recorded()).filter((kind) => kind === 'contact_advisor').length, 5);
});

test('an action under which somebody logs out and in again is not lost', async () => {
  const { phone, recorded } = await customer('bob');
  const auth = phone.require('utils/wechat-login.js');
  await world.advance(8 * DAY);
  phone.holdsBack('/api/v1/auth/refresh');
  await phone.press('.book');
  await phone.held;
  phone.holds = undefined;
  await auth.logout();
  await auth.wechatLogin();
  phone.letGo();
  await phone.settle();
  phone.app.onShow();
  await phone.settle();
  assert.deepEqual(kept(phone), []);
  assert.deepEqual(await recorded(), ['view_resume', 'book_service']);
});

test('an action under which another person logs in waits for its owner', async () => {
  const { phone } = await customer('bob');
  const auth = phone.require('utils/wechat-login.js');
  await world.advance(8 * DAY);
  phone.holdsBack('/api/customer/action');
  await phone.press('.book');
  await phone.held;
  phone.holds = undefined;
  await auth.logout();
  phone.code = (await world.control('login-code', { appid: 'mini', user: 'carol' })).code;
  await auth.wechatLogin();
  phone.letGo();
  await phone.settle();
  assert.deepEqual(
    kept(phone).map(({ body }) => body.actionType),
    ['book_service'],
  );
  assert.equal(phone.attribute('.book', 'disabled'), false);
});

test('with the storage full an action is sent all the same, and the page goes on', async () => {
  const { phone, recorded } = await customer('alice');
  phone.isFull = true;
  await phone.tap('.contact');
  assert.equal(phone.said('.notice'), '顾问会尽快联系您');
  phone.isOffline = true;
  await phone.tap('.book');
  assert.equal(phone.has('.error'), false);
  phone.isOffline = false;
  phone.isFull = false;
  phone.networkChanged({ isConnected: true });
  await phone.settle();
  assert.deepEqual(await recorded(), ['view_resume', 'contact_advisor', 'book_service']);
  phone.requests.length = 0;
  phone.app.onShow();
  await phone.settle();
  assert.deepEqual(phone.requests, [], 'what was told is forgotten, now that there is room');
});

test('a look that is still being told keeps no finger back', async () => {
  const { phone, advisor, recorded } = await customer('bob');
  phone.holdsBack('/api/customer/action');
  phone.show(`/pages/resume/resume?advisor=${advisor}`);
  await phone.held;
  phone.holds = undefined;
  await phone.press('.contact');
  phone.letGo();
  await phone.settle();
  assert.deepEqual(await recorded(), ['view_resume', 'view_resume', 'contact_advisor']);
});

test("a yes to one template is kept though the server refuses another's", async () => {
  const templateIds = ['T'.repeat(300), 'TMPL_DEMO_ACTION'];
  const { phone, advisor } = await customer(await world.someone());
  const { askForMessages } = phone.require('utils/subscription.js');
  phone.require('config.js').templateIds = templateIds;
  globalThis.wx.requestSubscribeMessage = ({ success }) =>
    success(Object.fromEntries(templateIds.map((template) => [template, 'accept'])));
  await assert.rejects(askForMessages(advisor), { kind: 'refused' });
  await phone.settle();
  const all = await world.read(`/api/advisor/subscriptions?advisorId=${advisor}`);
  assert.deepEqual(
    all.map(({ templateId, subscribed }) => [templateId, subscribed]),
    [['TMPL_DEMO_ACTION', true]],
  );
});

test('an address that names what every object has is no resume', async () => {
  const { phone } = await customer('alice');
  await phone.open('/pages/resume/resume?id=constructor');
  assert.match(phone.text, /王阿姨/);
});

test('when the answer to an erasure is lost, nothing of the person is told after the next login', async () => {
  const { phone, recorded } = await customer(await world.someone());
  phone.between = ({ path }) => (path === '/api/customer/action' ? { fails: 'timeout' } : undefined);
  await phone.tap('.book');
  assert.equal(kept(phone).length, 1);
  await phone.open('/pages/profile/profile');
  phone.losesAnswers = '/api/v1/users/me';
  await phone.tap('.erase');
  phone.losesAnswers = undefined;
  phone.between = undefined;
  await phone.tap('.erase');
  assert.equal(phone.page.route, 'pages/login/login');
  assert.deepEqual(kept(phone), []);
  await phone.tap('.login');
  // The look was told before; the booking is gone.
  assert.deepEqual(await recorded(), ['view_resume']);
});

test('an hour without the server: what was done is told once and in its order, though the mini-program was closed', async (t) => {
  const { phone, recorded } = await customer('bob');
  const now = Date.now;
  const kinds = { '.contact': 'contact_advisor', '.book': 'book_service' };
  let ago = 60;
  t.mock.method(Date, 'now', () => now() - ago * 60_000);
  const done = ['.contact', '.book', '.book', '.contact', '.book'];
  await world.down();
  try {
    for (const [at, button] of done.entries()) {
      ago = 60 - at * 12;
      await phone.tap(button);
      assert.match(phone.said('.notice'), /已保存/);
    }
    // Once more in vain.
    phone.start();
    await phone.settle();
    assert.equal(kept(phone).length, done.length);
  } finally {
    await world.up();
  }
  ago = 0;
  phone.requests.length = 0;
  phone.losesAnswers = '/api/customer/action';
  phone.start();
  await phone.settle();
  phone.losesAnswers = undefined;
  phone.start();
  await phone.settle();
  assert.deepEqual(kept(phone), []);
  const all = done.map((button) => kinds[button]);
  // The first twice: its answer was lost.
  assert.deepEqual(sent(phone), [all[0], ...all]);
  assert.equal(new Set(keys(phone)).size, all.length);
  // The server's list goes by when they were done.
  assert.deepEqual(await recorded(), [...all, 'view_resume']);
});

test('what could not reach the server keeps its order, whoever says so', async () => {
  const { phone, recorded } = await customer('alice');
  phone.isOffline = true;
  for (const button of ['.contact', '.book', '.contact']) await phone.tap(button);
  phone.isOffline = false;
  for (const statusCode of [502, 503, 504]) {
    let first = true;
    phone.between = () => {
      if (!first) return undefined;
      first = false;
      return { statusCode, data: '<html>' };
    };
    phone.app.onShow();
    await phone.settle();
    assert.equal(kept(phone).length, 3, `${statusCode}`);
  }
  phone.between = undefined;
  phone.app.onShow();
  await phone.settle();
  const all = ['contact_advisor', 'book_service', 'contact_advisor'];
  assert.deepEqual(sent(phone).slice(-3), all);
  assert.deepEqual(await recorded(), ['view_resume', ...all]);
});

test('through the cloud, a server that is down takes no action away', async () => {
  const { phone, recorded } = await customer('bob', { options: { config: { cloudEnv: 'demo-1' } } });
  await world.down();
  try {
    await phone.tap('.book');
    await phone.tap('.contact');
    assert.equal(kept(phone).length, 2);
  } finally {
    await world.up();
  }
  phone.start();
  await phone.settle();
  assert.deepEqual(await recorded(), ['view_resume', 'book_service', 'contact_advisor']);
});

test('a server that is busy gets the action later, one that is still told once', async () => {
  const { phone, recorded } = await customer('alice');
  for (const statusCode of [429, 503]) {
    phone.between = () => ({ statusCode, data: { success: false, message: 'later' } });
    await phone.tap('.book');
    assert.equal(phone.said('.notice'), '网络不通，已保存，稍后自动发送。', `${statusCode}`);
    phone.between = undefined;
    phone.holdsBack('/api/customer/action');
    phone.requests.length = 0;
    phone.app.onShow();
    phone.networkChanged({ isConnected: true });
    await phone.held;
    phone.app.onShow();
    phone.letGo();
    phone.holds = undefined;
    await phone.settle();
    assert.equal(sent(phone).length, 1, 'three flushes at once send it once');
  }
  assert.deepEqual(await recorded(), ['view_resume', 'book_service', 'book_service']);
});

test('whoever waits for an action is told, though another person has come meanwhile', async () => {
  const { phone, advisor } = await customer('bob');
  const auth = phone.require('utils/wechat-login.js');
  const actions = phone.require('utils/actions.js');
  const about = { advisorId: advisor, resumeId: 'resume-1' };
  phone.holdsBack('/api/customer/action');
  const first = actions.record('contact_advisor', about);
  await phone.held;
  const second = actions.record('book_service', about);
  phone.holds = undefined;
  await auth.logout();
  phone.code = (await world.control('login-code', { appid: 'mini', user: 'carol' })).code;
  await auth.wechatLogin();
  phone.letGo();
  assert.equal((await first).sent, true);
  const { sent: isSent, reason } = await second;
  assert.deepEqual([isSent, reason.kind], [false, 'login']);
  assert.deepEqual(
    kept(phone).map(({ body }) => body.actionType),
    ['book_service'],
  );
});

test('an action that something here fails at is kept', async () => {
  const { phone, recorded } = await customer('alice');
  const { request } = globalThis.wx;
  globalThis.wx.request = () => {
    throw new TypeError('request:fail invalid url');
  };
  await phone.tap('.book');
  assert.equal(kept(phone).length, 1);
  globalThis.wx.request = request;
  phone.app.onShow();
  await phone.settle();
  assert.deepEqual(await recorded(), ['view_resume', 'book_service']);
});

test('what is kept of a person goes with their account', async () => {
  const { phone } = await customer(await world.someone());
  phone.between = ({ path }) => (path === '/api/customer/action' ? { fails: 'timeout' } : undefined);
  await phone.tap('.book');
  assert.equal(kept(phone).length, 1);
  await phone.open('/pages/profile/profile');
  await phone.tap('.erase');
  assert.equal(phone.page.route, 'pages/login/login');
  assert.deepEqual(kept(phone), []);
});

test('every kind of yes is one, and what WeChat does not show is none', async () => {
  for (const [answer, told, left] of [
    ['acceptWithAudio', '下一位客户有动作时会通知您', 1],
    ['acceptWithForcePush', '下一位客户有动作时会通知您', 1],
    ['filter', '您没有同意接收通知', 0],
    [undefined, '您没有同意接收通知', 0],
  ]) {
    const { phone, advisor } = await customer(await world.someone());
    globalThis.wx.requestSubscribeMessage = ({ success }) =>
      success({ errMsg: 'requestSubscribeMessage:ok', ...(answer && { TMPL_DEMO_ACTION: answer }) });
    await phone.tap('.subscribe');
    assert.equal(phone.said('.notice'), told, answer);
    const [subscription] = await world.read(`/api/advisor/subscriptions?advisorId=${advisor}`);
    assert.equal(subscription.remaining, left, answer);
  }
});

test('the advisor reads the name that the customer chose', async () => {
  const phone = new Phone(world, await world.someone());
  await phone.open('/pages/login/login');
  await phone.type('.input', '小红');
  await phone.tap('.login');
  await phone.open('/pages/resume/resume?id=resume-1&advisor=advisor-name');
  const [action] = await world.read('/api/customer/actions?advisorId=advisor-name');
  assert.equal(action.customerName, '小红');
  const { resumeId, source } = action.actionData;
  assert.deepEqual([resumeId, source], ['resume-1', 'miniprogram']);
});

test('where a Weir serves several mini-programs, reports name theirs too', async () => {
  const { phone } = await customer(await world.someone(), { options: { config: { app: 'mini' } } });
  phone.answers = { TMPL_DEMO_ACTION: 'accept' };
  await phone.tap('.subscribe');
  const reports = phone.requests.filter(({ path }) => /customer|advisor/.test(path));
  assert.deepEqual(
    reports.map(({ data }) => data.appid),
    ['mini', 'mini'],
  );
});

test('a network that goes away is no reason to send anything', async () => {
  const { phone } = await customer('alice');
  phone.isOffline = true;
  await phone.tap('.book');
  phone.requests.length = 0;
  phone.networkChanged({ isConnected: false });
  await phone.settle();
  assert.deepEqual(phone.requests, []);
});
