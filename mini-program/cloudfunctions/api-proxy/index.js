const cloud = require('wx-server-sdk');
const { addressOf, answerOf, areSendable, refuse } = require('./server.js');

cloud.init({ env: cloud.DYNAMIC_CURRENT_ENV });

/**
 * What the mini-program needs of Weir, and nothing else: whoever has the mini-program can call this function with whatever
 * they like, and it stands inside your network.
 * @type {Record<string, string[]>}
 */
const ALLOWED = {
  '/api/v1/auth/wx-login': ['POST'],
  '/api/v1/auth/wechat-login': ['POST'],
  '/api/v1/auth/refresh': ['POST'],
  '/api/v1/auth/logout': ['POST'],
  '/api/v1/auth/phone': ['POST'],
  '/api/v1/auth/decrypt': ['POST'],
  '/api/v1/auth/session': ['GET'],
  '/api/v1/users/me': ['GET', 'PATCH', 'DELETE'],
  '/api/v1/user/profile': ['GET'],
  '/api/wechat/openid': ['POST'],
  '/api/customer/action': ['POST'],
  '/api/advisor/subscribe': ['POST'],
};

const PASSED_ON = ['authorization', 'idempotency-key', 'x-request-id'];

/**
 * @param {Record<string, unknown>} headers
 * @returns {Record<string, string>}
 */
function passedOn(headers) {
  /** @type {Record<string, string>} */
  const some = {};
  for (const [name, value] of Object.entries(headers)) {
    if (PASSED_ON.includes(name.toLowerCase()) && typeof value === 'string') some[name.toLowerCase()] = value;
  }
  return some;
}

/**
 * @typedef {object} Call
 * @property {string} [method]
 * @property {string} [path]
 * @property {unknown} [body]
 * @property {unknown} [data] the same as `body`
 * @property {Record<string, unknown>} [headers]
 * @property {Record<string, unknown>} [query]
 */

/** @param {Call} call */
exports.main = async ({ method, path = '', body, data, headers, query }) => {
  const base = process.env.WEIR_BASE_URL;
  if (!base) return refuse(503, 'WEIR_BASE_URL is not set for this cloud function');
  const verb = String(method || 'GET').toUpperCase();
  const allowed = typeof path === 'string' && Object.hasOwn(ALLOWED, path) ? ALLOWED[path] : [];
  if (!allowed?.includes(verb)) return refuse(403, `${verb} ${path} is not for mini-programs`);
  const url = addressOf(base, path);
  if (!url) return refuse(503, 'WEIR_BASE_URL of this cloud function is no address');
  for (const [name, value] of Object.entries(query || {})) url.searchParams.set(name, String(value));
  const given = passedOn(headers || {});
  if (!areSendable(given)) return refuse(400, 'a header has characters that no header can have');
  const sent = body === undefined ? data : body;
  const text = sent === undefined ? '' : JSON.stringify(sent);
  const { CLIENTIP, CLIENTIPV6 } = cloud.getWXContext();
  const client = CLIENTIP || CLIENTIPV6;
  return answerOf(url, {
    method: verb,
    headers: {
      ...given,
      // Weir counts tries by address, and believes this where the function's own address is a trusted proxy.
      ...(client && { 'x-forwarded-for': client }),
      ...(text && { 'content-type': 'application/json', 'content-length': `${Buffer.byteLength(text)}` }),
    },
    body: text,
  });
};
