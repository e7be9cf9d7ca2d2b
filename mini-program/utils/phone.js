const auth = require('./wechat-login.js');
const { call } = require('./api.js');
const { Failure, ofWechat } = require('./errors.js');
const { phoneCode, simulator } = require('./simulator.js');
const { me, remember } = require('./user.js');

/**
 * @typedef {{ errMsg: string, code?: string, encryptedData?: string, iv?: string }} Given what the phone button hands over
 */

/**
 * @param {{ encryptedData: string, iv: string }} given
 * @returns {Promise<any>}
 */
async function decrypt({ encryptedData, iv }) {
  try {
    return await call({ method: 'POST', path: '/api/v1/auth/decrypt', body: { encryptedData, iv } });
  } catch (failure) {
    // No login mends what was sealed before it: log in now, so that what the next tap gives can be read.
    if (failure instanceof Failure && failure.kind === 'stale') await auth.wechatLogin();
    throw failure;
  }
}

/**
 * Somebody who does not give their number: said before anything is done.
 * @param {Given} given
 */
function mustBeGiven(given) {
  if (!simulator() && !given.code && !given.encryptedData) throw ofWechat(given, 'wechat');
}

/**
 * The phone number behind the phone button, kept with the user on this phone.
 * @param {Given} given
 */
async function bindPhone(given) {
  mustBeGiven(given);
  const { id } = me();
  const code = simulator() ? await phoneCode() : given.code;
  const { phoneNumber } = code
    ? await call({ method: 'POST', path: '/api/v1/auth/phone', body: { code } })
    : await decrypt({ encryptedData: given.encryptedData || '', iv: given.iv || '' });
  return remember(id, { phone: phoneNumber });
}

/**
 * Enough to know one's own number by.
 * @param {string} phone
 */
const masked = (phone) => `${phone.slice(0, 3)}****${phone.slice(-4)}`;

module.exports = { bindPhone, masked, mustBeGiven };
