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

/**
 * Asks the server as the person who is logged in; a token that has run out is renewed, once, without a word.
 * @param {import('./transport.js').Asked} asked
 * @returns {Promise<any>} the answer's `data`
 */
async function call(asked) {
  /** @param {string} bearer */
  const ask = (bearer) =>
    send({ ...asked, headers: { ...asked.headers, Authorization: `Bearer ${bearer}` } });
  const first = await token();
  let answer = await ask(first);
  if (answer.statusCode === 401) answer = await ask(await token(first));
  return dataOf(answer);
}

module.exports = { call };
