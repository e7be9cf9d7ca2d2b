const auth = require('./wechat-login.js');
const { call } = require('./api.js');
const outbox = require('./outbox.js');
const storage = require('./storage.js');
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
 * @param {number} id whose changes they are: an answer may come when another person is logged in
 * @param {Partial<Person>} changes
 * @returns {Person}
 */
function remember(id, changes) {
  const old = me();
  if (old.id !== id) throw new Failure('login');
  const person = { ...old, ...changes };
  storage.write('user_info', person);
  return person;
}

/** Asks the server who this is. */
async function refreshProfile() {
  const { id } = me();
  const { openid, nickname, avatar, created_at } = await call({
    method: 'GET',
    path: '/api/v1/users/me',
  });
  return remember(id, { openid, nickname, avatar, created_at });
}

/** Erases the account on the server, then everything of it here. */
async function eraseAccount() {
  const { openid } = me();
  try {
    await call({ method: 'DELETE', path: '/api/v1/users/me' });
  } catch (failure) {
    // No token is good any more: the answer to an earlier try may have been lost.
    if (!auth.checkLoginStatus()) outbox.forgetAll(openid);
    throw failure;
  }
  // Else the next login would tell the server of them again.
  outbox.forgetAll(openid);
  await auth.logout();
}

module.exports = { me, remember, refreshProfile, eraseAccount };
