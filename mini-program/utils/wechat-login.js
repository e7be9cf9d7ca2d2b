const config = require('../config.js');
const { Failure, dataOf, ofWechat } = require('./errors.js');
const { loginCode, simulator } = require('./simulator.js');
const storage = require('./storage.js');
const { callFunction, send } = require('./transport.js');

const TOKEN = 'access_token';
const USER = 'user_info';

/** From here on `wx.getUserProfile` answers with a grey picture and 微信用户. */
const NO_PROFILE_SINCE = [2, 27, 1];

/**
 * @typedef {object} User
 * @property {number} id
 * @property {string} openid
 * @property {string} nickname
 * @property {string} avatar
 * @property {string} created_at
 *
 * @typedef {object} Profile
 * @property {string} [nickName]
 * @property {string} [avatarUrl]
 */

/** @returns {Promise<string>} */
function code() {
  if (simulator()) return loginCode();
  return new Promise((resolve, reject) => {
    wx.login({
      success: (answer) =>
        answer.code ? resolve(answer.code) : reject(new Failure('wechat', answer.errMsg)),
      fail: (failure) => reject(ofWechat(failure, 'wechat')),
    });
  });
}

function givesProfiles() {
  const { SDKVersion } = wx.getAppBaseInfo ? wx.getAppBaseInfo() : wx.getSystemInfoSync();
  const version = SDKVersion.split('.').map(Number);
  const at = NO_PROFILE_SINCE.findIndex((part, i) => part !== version[i]);
  return at >= 0 && (version[at] || 0) < (NO_PROFILE_SINCE[at] || 0);
}

/** @returns {Promise<Profile>} */
function oldProfile() {
  return new Promise((resolve, reject) => {
    wx.getUserProfile({
      desc: '用于完善用户资料',
      success: ({ userInfo }) => resolve({ nickName: userInfo.nickName, avatarUrl: userInfo.avatarUrl }),
      fail: (failure) => reject(ofWechat(failure, 'denied')),
    });
  });
}

/**
 * @param {Profile} given
 */
async function ask(given) {
  if (config.cloudEnv && config.cloudLogin) {
    return callFunction('wechat-login', { nickname: given.nickName, avatar: given.avatarUrl });
  }
  // Both at once: the profile may be asked for in the tap only, not after an answer.
  const wantsOld = !given.nickName && !given.avatarUrl && givesProfiles();
  const [fresh, profile] = await Promise.all([code(), wantsOld ? oldProfile() : given]);
  const body = { code: fresh, ...profile, ...(config.app ? { appid: config.app } : {}) };
  return send({ method: 'POST', path: '/api/v1/auth/wx-login', body });
}

/** @type {Promise<{ token: string, userInfo: User }> | null} */
let login = null;

/** @type {Promise<string> | null} */
let refresh = null;

/** Counts logins and logouts: an answer to a question from before is no longer wanted. */
let era = 0;

/**
 * Logs in with WeChat, in a tap. Whoever asks while that is under way gets the same login.
 * @param {Profile} [profile] what the person chose in the page's avatar and nickname inputs
 */
function wechatLogin(profile = {}) {
  if (login) return login;
  const mine = era;
  const run = async () => {
    const answer = await ask(profile);
    if (era !== mine) unwanted(answer);
    const { access_token: token, user: userInfo } = dataOf(answer) || {};
    if (!token || !userInfo) throw new Failure('server');
    // Not before: a login that fails leaves the old token, and a refresh of it, as they are.
    era += 1;
    refresh = null;
    storage.replace({ [TOKEN]: token, [USER]: userInfo });
    return { token, userInfo };
  };
  const started = run().finally(() => {
    if (login === started) login = null;
  });
  login = started;
  return started;
}

/** Whether somebody is logged in here. A token that has run out is renewed when it is used. */
function checkLoginStatus() {
  return Boolean(getLocalToken() && getLocalUserInfo());
}

/** @returns {User | null} */
function getLocalUserInfo() {
  return storage.read(USER);
}

/** @returns {string | null} */
function getLocalToken() {
  return storage.read(TOKEN);
}

function forget() {
  era += 1;
  login = null;
  refresh = null;
  storage.remove(TOKEN);
  storage.remove(USER);
}

/**
 * Ends a session on the server when that can be reached.
 * @param {string} token
 */
async function endSession(token) {
  const headers = { Authorization: `Bearer ${token}` };
  await send({ method: 'POST', path: '/api/v1/auth/logout', headers }).catch(() => {});
}

/**
 * A token that comes after its person has logged out: they did so without it, so its session would go on.
 * @param {import('./transport.js').Answer} answer
 * @returns {never}
 */
function unwanted({ data }) {
  if (data?.data?.access_token) endSession(data.data.access_token);
  throw new Failure('login');
}

/** Logs out, here at once. */
async function logout() {
  const token = getLocalToken();
  forget();
  if (token) await endSession(token);
}

/**
 * The next token for the one that is kept. A token is good for one refresh: used for another it would end the session, so
 * whoever asks while one is under way gets the same.
 * @returns {Promise<string>}
 */
function refreshToken() {
  if (refresh) return refresh;
  const mine = era;
  const run = async () => {
    const old = getLocalToken();
    if (!old) throw new Failure('login');
    const headers = { Authorization: `Bearer ${old}` };
    const answer = await send({ method: 'POST', path: '/api/v1/auth/refresh', headers });
    if (era !== mine) unwanted(answer);
    try {
      const { access_token: next } = dataOf(answer) || {};
      if (!next) throw new Failure('server');
      storage.replace({ [TOKEN]: next });
      return next;
    } catch (failure) {
      if (failure instanceof Failure && failure.kind === 'login') forget();
      throw failure;
    }
  };
  const started = run().finally(() => {
    if (refresh === started) refresh = null;
  });
  refresh = started;
  return started;
}

module.exports = { wechatLogin, checkLoginStatus, getLocalUserInfo, getLocalToken, logout, refreshToken };
