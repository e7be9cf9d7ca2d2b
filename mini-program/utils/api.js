const auth = require('./wechat-login.js');
const { Failure, dataOf } = require('./errors.js');
const { send } = require('./transport.js');

/**
 * The user token, or the next one in place of one that was refused.
 * @param {string | null} [refused] a token that the server has just refused
 */
async function token(refused) {
  const kept = auth.getLocalToken();
  if (!kept) throw new Failure('login');
  // Of ten that were refused together one refreshes; a late one finds the new token here.
  return kept === refused ? auth.refreshToken() : kept;
}

function accountId() {
  const user = auth.getLocalUserInfo();
  return user?.id;
}

/**
 * Asks the server as the person who is logged in; a token that has run out is renewed, once, without a word.
 * @param {import('./transport.js').Asked} asked
 * @returns {Promise<any>} the answer's `data`
 */
async function call(asked) {
  /** @param {string} bearer */
  const ask = (bearer) =>
    send({ ...asked, headers: { ...asked.headers, Authorization: `Bearer ${bearer}` } });
  const whose = accountId();
  const first = await token();
  let answer = await ask(first);
  if (answer.statusCode === 401) {
    const next = await token(first);
    // Somebody else has logged in meanwhile: what was asked is not theirs.
    if (accountId() !== whose) throw new Failure('login');
    answer = await ask(next);
  }
  return dataOf(answer);
}

module.exports = { call };
