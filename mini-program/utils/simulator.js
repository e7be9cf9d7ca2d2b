const config = require('../config.js');
const { Failure } = require('./errors.js');
const { request } = require('./transport.js');

/** WeChat's double, in development versions only: what people install never asks it. */
function simulator() {
  if (!config.simulator) return null;
  return wx.getAccountInfoSync().miniProgram.envVersion === 'develop' ? config.simulator : null;
}

/**
 * @param {string} path
 * @param {Record<string, unknown>} [more]
 * @returns {Promise<any>}
 */
async function ask(path, more) {
  const double = simulator();
  if (!double) throw new Failure('wechat');
  const body = { appid: double.app, user: double.user, ...more };
  const { statusCode, data } = await request(double.url + path, { method: 'POST', path, body });
  if (statusCode !== 200) throw new Failure('wechat', data?.error, statusCode);
  return data;
}

/** @returns {Promise<string>} what `wx.login` would give */
const loginCode = async () => (await ask('/_sim/login-code')).code;

/** @returns {Promise<string>} what the phone button would give */
const phoneCode = async () => (await ask('/_sim/phone-code')).code;

/**
 * The person's answer to the prompt.
 * @param {string} template
 * @param {string} result
 */
const subscribe = (template, result) => ask('/_sim/subscribe', { template_id: template, result });

module.exports = { simulator, loginCode, phoneCode, subscribe };
