const config = require('../config.js');
const { Failure } = require('./errors.js');

/**
 * @typedef {object} Asked
 * @property {'GET' | 'POST' | 'DELETE'} method
 * @property {string} path
 * @property {Record<string, unknown>} [body]
 * @property {Record<string, string>} [headers]
 *
 * @typedef {object} Answer
 * @property {number} statusCode
 * @property {any} data
 */

/**
 * @param {string} url
 * @param {Asked} asked
 * @returns {Promise<Answer>}
 */
function request(url, { method, body, headers }) {
  return new Promise((resolve, reject) => {
    wx.request({
      url,
      method,
      data: body,
      header: { 'Content-Type': 'application/json', ...headers },
      timeout: config.timeout,
      success: ({ statusCode, data }) => resolve({ statusCode, data }),
      // Whatever its words: "cancelled" is a network that went away, nobody's no.
      fail: (failure) => reject(new Failure('offline', failure?.errMsg)),
    });
  });
}

/**
 * @param {string} name
 * @param {Record<string, unknown>} data
 * @returns {Promise<Answer>}
 */
function callFunction(name, data) {
  return new Promise((resolve, reject) => {
    wx.cloud.callFunction({
      name,
      data,
      success: ({ result }) => resolve(/** @type {Answer} */ (result || { statusCode: 502, data: null })),
      fail: (failure) => reject(new Failure('offline', failure?.errMsg)),
    });
  });
}

/**
 * Asks the server, whatever its answer: only silence is a failure.
 * @param {Asked} asked
 * @returns {Promise<Answer>}
 */
function send(asked) {
  if (config.cloudEnv) return callFunction('api-proxy', { ...asked });
  return request(config.baseUrl + asked.path, asked);
}

module.exports = { send, request, callFunction };
