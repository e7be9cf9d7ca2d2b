'use strict';

// grant, the OAuth middleware of Express, Koa, Fastify and others: its three addresses of WeChat are settings.

const grant = require('grant');

const { check, group, same } = require('./checks');
const phone = require('./phone');
const { ALICE, BACK, OFFICIAL, SIMULATOR } = phone;

const settings = {
  defaults: { origin: 'http://127.0.0.1', transport: 'state', response: ['tokens', 'raw', 'profile'] },
  wechat: {
    key: OFFICIAL[0],
    secret: OFFICIAL[1],
    scope: ['snsapi_userinfo'],
    state: true,
    redirect_uri: BACK,
    authorize_url: `${SIMULATOR}/connect/oauth2/authorize`,
    access_url: `${SIMULATOR}/sns/oauth2/access_token`,
    profile_url: `${SIMULATOR}/sns/userinfo`,
  },
};

const site = grant.node({ config: settings, session: { secret: 'grant' } });

/** What the site answers to a browser that has this cookie. */
const visit = async (url, cookie = '') => {
  const headers = {};
  const response = { setHeader: (name, value) => (headers[name] = value), end: () => {} };
  const { response: answer } = await site({ method: 'GET', url, headers: { cookie } }, response, {});
  await new Promise((resolve) => setImmediate(resolve));
  return { answer, location: headers.location, cookie: headers['set-cookie']?.[0].split(';')[0] };
};

exports.run = async () => {
  group('grant');
  const openid = (await phone.person('alice')).openids[OFFICIAL[0]];

  await check('its link has the parameters out of order: a strict account opens no sheet', async () => {
    const page = await fetch((await visit('/connect/wechat')).location, { redirect: 'manual' });
    same([page.status, (await page.text()).includes('参数顺序')], [200, true]);
  });
  await phone.sim('apps', { name: 'official', strict: false });
  const back = await check('a lenient account leads to the consent of the phone, and back', async () => {
    const { location, cookie } = await visit('/connect/wechat');
    return { cookie, query: new URLSearchParams(await phone.agree(location)) };
  });
  await check('the callback logs in and reads the profile', async () => {
    const { answer } = await visit(`/connect/wechat/callback?${back.query}`, back.cookie);
    same([answer.profile.openid, answer.profile.nickname], [openid, ALICE]);
  });
  await phone.sim('apps', { name: 'official', strict: true });
};
