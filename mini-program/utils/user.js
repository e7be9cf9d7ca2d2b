const auth = require('./wechat-login.js');
const { call } = require('./api.js');
const outbox = require('./outbox.js');
const { Failure } = require('./errors.js');

/**
 * Who is logged in, with the phone number that they gave to this phone: the server hands it on and does not keep it.
 * @typedef {import('./wechat-login.js').User & { phone?: string }} Person
 */

/** @returns {Person} */
function me() {
  const user = auth.getLocalUserInfo();
  if (!user) throw new Failure('login');
  return user;
}

/**
 * @param {Partial<Person>} changes
 * @returns {Person}
 */
function remember(changes) {
  const person = { ...me(), ...changes };
  wx.setStorageSync('user_info', person);
  return person;
}

/** Asks the server who this is. */
async function refreshProfile() {
  const { id, openid, nickname, avatar, created_at } = await call({
    method: 'GET',
    path: '/api/v1/users/me',
  });
  return remember({ id, openid, nickname, avatar, created_at });
}

/** Erases the account on the server, then everything of it here. */
async function eraseAccount() {
  const user = auth.getLocalUserInfo();
  await call({ method: 'DELETE', path: '/api/v1/users/me' });
  // Else the next login would tell the server of them again.
  if (user) outbox.forgetAll(user.openid);
  await auth.logout();
}

module.exports = { me, remember, refreshProfile, eraseAccount };
