'use strict';

// The simulator's control calls, its pages, and the apps of the demo world.

const assert = require('node:assert/strict');

const { SIMULATOR, WEIR, WEIR_KEY } = process.env;

exports.SIMULATOR = SIMULATOR;
exports.WEIR = WEIR;
/** An API key of Weir's with the scope tokens:read. */
exports.KEY = WEIR_KEY;

exports.MINI = ['wx1000000000000001', 'demo-secret-mini'];
exports.OFFICIAL = ['wx2000000000000002', 'demo-secret-official'];
exports.WEBSITE = ['wx3000000000000003', 'demo-secret-website'];

exports.ALICE = '爱丽丝 🌸';
/** Where the pages send back to. Nobody listens there, nor is it followed. */
const BACK = 'http://127.0.0.1/back?from=sdk';
exports.BACK = BACK;

/** A control call of the simulator. */
const sim = async (path, fields) => {
  const answer = await fetch(`${SIMULATOR}/_sim/${path}`, { method: 'POST', body: JSON.stringify(fields) });
  assert.equal(answer.status, 200, `/_sim/${path}`);
  return answer.json();
};
exports.sim = sim;

exports.person = async (name) => {
  const { users } = await (await fetch(`${SIMULATOR}/_sim/users`)).json();
  return users.find((each) => each.name === name);
};

exports.loginCode = async () => (await sim('login-code', { appid: 'mini', user: 'alice' })).code;

exports.oauthCode = async () =>
  (await sim('oauth-code', { appid: 'official', user: 'alice', scope: 'snsapi_userinfo' })).code;

/** What WeChat's browser would say to a page at `url` that gives this to wx.config. */
exports.jsapiCheck = async ({ appId, timestamp, nonceStr, signature }, url) =>
  (await sim('jsapi-check', { appid: appId, timestamp, nonceStr, signature, url })).errMsg;

const HOSTS = /^https:\/\/(api|open|mp)\.weixin\.qq\.com(?=\/)/;

/** The same address at whoever plays WeChat. */
exports.moved = (url, base = SIMULATOR) => {
  assert.match(url, HOSTS);
  return url.replace(HOSTS, base);
};

/** Alice agrees to what a link for WeChat asks, at once. The query with which the browser comes back. */
exports.agree = async (link) => {
  const answer = await fetch(`${link.split('#')[0]}&_sim_user=alice&_sim_consent=allow`, { redirect: 'manual' });
  assert.equal(answer.status, 302, `a page came instead of a redirect: ${await answer.text()}`);
  const location = answer.headers.get('location');
  assert.ok(location.startsWith(BACK), location);
  return Object.fromEntries(new URL(location).searchParams);
};
