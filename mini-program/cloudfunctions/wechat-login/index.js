const http = require('node:http');
const https = require('node:https');
const cloud = require('wx-server-sdk');

cloud.init({ env: cloud.DYNAMIC_CURRENT_ENV });

const PATIENCE_MS = 10000;

/**
 * @param {number} statusCode
 * @param {string} message
 */
const refuse = (statusCode, message) => ({ statusCode, headers: {}, data: { code: statusCode, message } });

/**
 * @param {URL} url
 * @param {string} key
 * @param {string} body
 * @returns {Promise<{ statusCode: number, headers: Record<string, any>, data: any }>}
 */
function post(url, key, body) {
  const headers = {
    authorization: `Bearer ${key}`,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  };
  return new Promise((resolve, reject) => {
    const { request } = url.protocol === 'https:' ? https : http;
    const asked = request(url, { method: 'POST', headers, timeout: PATIENCE_MS }, (answer) => {
      /** @type {Buffer[]} */
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('error', reject);
      answer.on('end', () => {
        try {
          const data = JSON.parse(Buffer.concat(parts).toString('utf8'));
          resolve({ statusCode: answer.statusCode || 502, headers: {}, data });
        } catch (error) {
          reject(error);
        }
      });
    });
    asked.on('timeout', () => asked.destroy(new Error('no answer in time')));
    asked.on('error', reject);
    asked.end(body);
  });
}

/**
 * Logs in whoever calls. WeChat says who that is: what the caller says of it is not looked at.
 * @param {{ nickname?: string, avatar?: string }} given
 */
exports.main = async ({ nickname, avatar }) => {
  const { WEIR_BASE_URL: base, WEIR_API_KEY: key } = process.env;
  if (!base || !key) return refuse(503, 'WEIR_BASE_URL or WEIR_API_KEY is not set for this cloud function');
  const { OPENID, UNIONID, APPID } = cloud.getWXContext();
  if (!OPENID) return refuse(401, 'only a mini-program may call this');
  const who = { openid: OPENID, unionid: UNIONID || undefined, appid: APPID };
  try {
    const url = new URL(`${base.replace(/\/$/, '')}/api/v1/auth/cloud-login`);
    return await post(url, key, JSON.stringify({ ...who, nickname, avatar }));
  } catch (error) {
    console.error('cloud-login:', error);
    return refuse(502, 'the server cannot be reached');
  }
};
