'use strict';

// node-easywechat takes its base address as a setting; its OAuth provider has it as a field. node-socialite is pinned
// beside it, because 1.5 lacks a file that it requires.

const { MiniApp, OfficialAccount } = require('node-easywechat');

const { check, group, refused, same } = require('./checks');
const phone = require('./phone');
const { ALICE, BACK, KEY, MINI, OFFICIAL, SIMULATOR, WEIR } = phone;

const PAGE = 'http://127.0.0.1/page?a=1&b=%E4%BD%A0';

/** A cache of one client alone: the library's own is a folder that all share. */
class Memory {
  constructor() {
    this.kept = new Map();
  }

  async get(key) {
    return this.kept.get(key) ?? null;
  }

  async set(key, value) {
    this.kept.set(key, value);
    return true;
  }

  async has(key) {
    return this.kept.has(key);
  }

  async delete(key) {
    return this.kept.delete(key);
  }
}

const app = (Kind, [appid, secret], baseURL, more = {}) => {
  const made = new Kind({ app_id: appid, secret, http: { baseURL: `${baseURL}/` }, ...more });
  made.setCache(new Memory());
  return made;
};

const official = async () => {
  group('node-easywechat, official account');
  const account = app(OfficialAccount, OFFICIAL, SIMULATOR, {
    oauth: { scopes: ['snsapi_userinfo'], redirect_url: BACK },
  });
  const alice = await phone.person('alice');
  const openid = alice.openids[OFFICIAL[0]];

  await check('a signed page is let in', async () => {
    const config = await account.getUtils().buildJsSdkConfig(PAGE);
    same(await phone.jsapiCheck(config, PAGE), 'config:ok');
  });
  await check('a client with the access_token reads a user', async () => {
    const user = await account.getClient().get('/cgi-bin/user/info', { params: { openid } });
    same(user.toObject().openid, openid);
  });
  await check('a stable access_token stays the same', async () => {
    const stable = () => app(OfficialAccount, OFFICIAL, SIMULATOR, { use_stable_access_token: true });
    same(await stable().getAccessToken().getToken(), await stable().getAccessToken().getToken());
  });
  await check('a wrong secret: 40125', () =>
    refused(40125, app(OfficialAccount, [OFFICIAL[0], 'x'], SIMULATOR).getAccessToken().getToken()));
  await check('userFromCode reads the profile', async () => {
    const oauth = account.getOAuth();
    oauth._baseUrl = `${SIMULATOR}/sns`;
    const user = await oauth.userFromCode(await phone.oauthCode());
    same([user.getId(), user.getNickname()], [openid, ALICE]);
  });
  await check('userFromCode with an unknown code: 40029', async () => {
    const oauth = account.getOAuth();
    oauth._baseUrl = `${SIMULATOR}/sns`;
    await refused(40029, oauth.userFromCode('0'.repeat(32)));
  });
};

const mini = async () => {
  group('node-easywechat, mini-program');
  const program = app(MiniApp, MINI, SIMULATOR);
  const alice = await phone.person('alice');

  const session = await check('codeToSession exchanges a code once (then 40163)', async () => {
    const code = await phone.loginCode();
    const answer = await program.getUtils().codeToSession(code);
    same([answer.openid, answer.unionid], [alice.openids[MINI[0]], alice.unionid]);
    await refused(40163, program.getUtils().codeToSession(code));
    return answer;
  });
  await check('decryptSession opens what the phone sealed', async () => {
    const sealed = await phone.sim('encrypted-data', { appid: 'mini', user: 'alice' });
    const opened = program.getUtils().decryptSession(session.session_key, sealed.iv, sealed.encryptedData);
    same([opened.nickName, opened.watermark.appid], [ALICE, MINI[0]]);
  });
  await check('the phone number is told for a code', async () => {
    const { code } = await phone.sim('phone-code', { appid: 'mini', user: 'alice' });
    const answer = await program.getClient().postJson('/wxa/business/getuserphonenumber', { code });
    same(answer.toObject().phone_info.purePhoneNumber, '13800138000');
  });
};

const weir = async () => {
  group('node-easywechat, Weir as WeChat');
  const account = (more) => app(OfficialAccount, [OFFICIAL[0], KEY], WEIR, more);

  await check('token and stable_token give the shared access_token', async () => {
    const plain = await account().getAccessToken().getToken();
    same(await account({ use_stable_access_token: true }).getAccessToken().getToken(), plain);
  });
  await check("a page signed with Weir's ticket is let in", async () => {
    const config = await account().getUtils().buildJsSdkConfig(PAGE);
    same(await phone.jsapiCheck(config, PAGE), 'config:ok');
  });
  await check('a foreign secret: 40125', () =>
    refused(40125, app(OfficialAccount, OFFICIAL, WEIR).getAccessToken().getToken()));
};

exports.run = async () => {
  await official();
  await mini();
  await weir();
};
