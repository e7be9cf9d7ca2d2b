'use strict';

// wechat-oauth, wechat-api and passport-wechat: the widely used older ones, with callbacks.

const API = require('wechat-api');
const OAuth = require('wechat-oauth');
const { Strategy } = require('passport-wechat');

const { called, check, group, refused, same } = require('./checks');
const phone = require('./phone');
const { ALICE, BACK, KEY, MINI, OFFICIAL, SIMULATOR, WEBSITE, WEIR } = phone;

const PAGE = 'http://127.0.0.1/page?a=1&b=%E4%BD%A0';

/** The library has WeChat's hosts in its code: its requests go on unchanged to another address. */
const elsewhere = (oauth) => {
  const request = oauth.request;
  oauth.request = (url, ...rest) => request.call(oauth, phone.moved(url), ...rest);
  return oauth;
};

const oauth = async () => {
  group('wechat-oauth');
  const client = elsewhere(new OAuth(...OFFICIAL));
  const alice = await phone.person('alice');
  const openid = alice.openids[OFFICIAL[0]];

  const back = await check('getAuthorizeURL leads to the consent of the phone, and back', async () => {
    const link = client.getAuthorizeURL(BACK, 's7ate', 'snsapi_userinfo');
    const query = await phone.agree(phone.moved(link));
    same([query.state, query.from], ['s7ate', 'sdk']);
    return query;
  });
  const token = await check('getAccessToken exchanges the code', async () => {
    const { data } = await called(client, 'getAccessToken', back.code);
    same([data.openid, data.scope], [openid, 'snsapi_userinfo']);
    return data;
  });
  await check('getUser reads the profile', async () => {
    const user = await called(client, 'getUser', openid);
    same([user.nickname, user.unionid], [ALICE, alice.unionid]);
  });
  await check('verifyToken says ok', async () => {
    same((await called(client, 'verifyToken', openid, token.access_token)).errmsg, 'ok');
  });
  await check('refreshAccessToken gives the same token', async () => {
    const { data } = await called(client, 'refreshAccessToken', token.refresh_token);
    same(data.access_token, token.access_token);
  });
  await check('the same code again: 40163', () => refused(40163, called(client, 'getAccessToken', back.code)));
  await check('an unknown code: 40029', () =>
    refused(40029, called(client, 'getAccessToken', '0'.repeat(32))));
  await check("a mini-program's code and sealed data", async () => {
    const program = elsewhere(new OAuth(...MINI, null, null, true));
    const code = await phone.loginCode();
    const sealed = await phone.sim('encrypted-data', { appid: 'mini', user: 'alice' });
    const user = await called(program, 'getUserByCode', { ...sealed, code });
    same([user.openId, user.nickName], [alice.openids[MINI[0]], ALICE]);
  });
};

const api = async () => {
  for (const [name, app, base] of [
    ['wechat-api', OFFICIAL, SIMULATOR],
    ['wechat-api, Weir as WeChat', [OFFICIAL[0], KEY], WEIR],
  ]) {
    group(name);
    const client = new API(...app);
    client.endpoint = base;
    await check('getJsConfig signs a page that is let in', async () => {
      const param = { debug: false, jsApiList: [], url: PAGE };
      same(await phone.jsapiCheck(await called(client, 'getJsConfig', param), PAGE), 'config:ok');
    });
    await check('a wrong secret: 40125', async () => {
      const wrong = new API(OFFICIAL[0], 'x');
      wrong.endpoint = base;
      await refused(40125, called(wrong, 'getLatestToken'));
    });
  }
};

/** What passport would make of a request. */
const authenticate = (strategy, query) =>
  new Promise((resolve, reject) => {
    const attempt = Object.create(strategy);
    attempt.success = (user) => resolve({ user });
    attempt.fail = (status) => resolve({ status });
    attempt.redirect = (location) => resolve({ location });
    attempt.error = reject;
    attempt.authenticate({ _passport: {}, query, protocol: 'http', get: () => '127.0.0.1', originalUrl: '/' }, {});
  });

const passport = async () => {
  for (const [client, app, scope] of [
    ['wechat', OFFICIAL, 'snsapi_userinfo'],
    ['web', WEBSITE, 'snsapi_login'],
  ]) {
    group(`passport-wechat, ${client}`);
    const openid = (await phone.person('alice')).openids[app[0]];
    const options = { appID: app[0], appSecret: app[1], client, scope, callbackURL: BACK, state: 's7ate' };
    const strategy = new Strategy(options, (access, refresh, profile, expires, done) => done(null, profile));
    elsewhere(strategy._oauth);
    const back = await check('the redirect leads to the consent of the phone, and back', async () =>
      phone.agree(phone.moved((await authenticate(strategy, {})).location)));
    await check('the code logs in', async () => {
      const { user } = await authenticate(strategy, back);
      same([user.openid, user.nickname], [openid, ALICE]);
    });
    await check('the same code again: 40163', () => refused(40163, authenticate(strategy, back)));
  }
};

exports.run = async () => {
  await oauth();
  await api();
  await passport();
};
