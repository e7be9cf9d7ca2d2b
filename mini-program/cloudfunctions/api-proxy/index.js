const http = require('node:http');
const https = require('node:https');
const cloud = require('wx-server-sdk');

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
const HANDED_BACK = ['content-type', 'retry-after', 'x-request-id'];
const LARGEST = 1024 * 1024;
const PATIENCE_MS = 10000;

/**
 * @param {number} statusCode
 * @param {string} message
 */
const refuse = (statusCode, message) => ({ statusCode, headers: {}, data: { code: statusCode, message } });

/**
 * @param {Record<string, string | string[] | undefined>} headers
 * @param {string[]} names
 */
function only(headers, names) {
  const some = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
  return Object.fromEntries(some.filter(([name, value]) => names.includes(String(name)) && value));
}

/** @param {string} text */
function read(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/**
 * @param {string} base
 * @param {string} path
 */
function addressOf(base, path) {
  try {
    return new URL(base.replace(/\/$/, '') + path);
  } catch {
    return null;
  }
}

/**
 * @param {URL} url
 * @param {string} method
 * @param {Record<string, any>} headers
 * @param {string} body
 * @returns {Promise<{ statusCode: number, headers: Record<string, any>, data: any }>}
 */
function ask(url, method, headers, body) {
  return new Promise((resolve, reject) => {
    const { request } = url.protocol === 'https:' ? https : http;
    const asked = request(url, { method, headers, timeout: PATIENCE_MS }, (answer) => {
      /** @type {Buffer[]} */
      const parts = [];
      let size = 0;
      answer.on('data', (part) => {
        size += part.length;
        if (size > LARGEST) asked.destroy(new Error('the answer is too long'));
        else parts.push(part);
      });
      answer.on('error', reject);
      answer.on('end', () => {
        const data = read(Buffer.concat(parts).toString('utf8'));
        resolve({ statusCode: answer.statusCode || 502, headers: only(answer.headers, HANDED_BACK), data });
      });
    });
    asked.on('timeout', () => asked.destroy(new Error('no answer in time')));
    asked.on('error', reject);
    asked.end(body);
  });
}

/**
 * @typedef {object} Call
 * @property {string} [method]
 * @property {string} [path]
 * @property {unknown} [body]
 * @property {unknown} [data] the same as `body`
 * @property {Record<string, string>} [headers]
 * @property {Record<string, string>} [query]
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
  const sent = body === undefined ? data : body;
  const text = sent === undefined ? '' : JSON.stringify(sent);
  const { CLIENTIP, CLIENTIPV6 } = cloud.getWXContext();
  const client = CLIENTIP || CLIENTIPV6;
  const all = {
    ...only(headers || {}, PASSED_ON),
    // Weir counts tries by address, and believes this where the function's own address is a trusted proxy.
    ...(client && { 'x-forwarded-for': client }),
    ...(text && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
  };
  try {
    return await ask(url, verb, all, text);
  } catch (error) {
    // The address is nobody's business but the operator's, who finds it in the function's log.
    console.error(`${verb} ${path}:`, error);
    return refuse(502, 'the server cannot be reached');
  }
};
