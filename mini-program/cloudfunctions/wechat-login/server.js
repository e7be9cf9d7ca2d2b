// Asks Weir, for one cloud function. WeChat uploads each by itself, so each has this file: change one, copy it to the other.
const http = require('node:http');
const https = require('node:https');

const HANDED_BACK = ['content-type', 'retry-after', 'x-request-id'];
const LARGEST = 1024 * 1024;
/** From the first byte sent to the last one read. */
const PATIENCE_MS = 10000;

/**
 * @typedef {object} Answer
 * @property {number} statusCode
 * @property {Record<string, any>} headers
 * @property {any} data
 *
 * @typedef {object} Asked
 * @property {string} method
 * @property {Record<string, string>} headers
 * @property {string} body
 */

/** A failure whose words name no address, so that whoever calls may read them. */
class Mishap extends Error {}

/**
 * @param {number} statusCode
 * @param {string} message
 * @returns {Answer}
 */
const refuse = (statusCode, message) => ({ statusCode, headers: {}, data: { code: statusCode, message } });

/**
 * @param {string} base
 * @param {string} path
 */
function addressOf(base, path) {
  try {
    const url = new URL(base.trim().replace(/\/+$/, '') + path);
    return ['http:', 'https:'].includes(url.protocol) ? url : null;
  } catch {
    return null;
  }
}

/**
 * Headers that can be sent: a line break in one would be the beginning of another.
 * @param {Record<string, string>} headers
 */
function areSendable(headers) {
  try {
    for (const [name, value] of Object.entries(headers)) http.validateHeaderValue(name, value);
    return true;
  } catch {
    return false;
  }
}

/**
 * Weir answers with JSON objects only.
 * @param {string} text
 */
function parsed(text) {
  try {
    const data = JSON.parse(text);
    return typeof data === 'object' && data !== null ? data : undefined;
  } catch {
    return undefined;
  }
}

/**
 * What an answer is. A page instead of JSON is somebody else's: a proxy's, or a server's that is not Weir.
 * @param {import('node:http').IncomingMessage} answer
 * @param {string} text
 * @returns {Answer}
 */
function read({ statusCode = 502, headers }, text) {
  if (statusCode >= 300 && statusCode < 400) {
    throw new Mishap('WEIR_BASE_URL leads on to another address: it has to be the one at the end');
  }
  const data = parsed(text);
  if (data !== undefined) {
    const some = Object.entries(headers).filter(([name]) => HANDED_BACK.includes(name));
    return { statusCode, headers: Object.fromEntries(some), data };
  }
  const words = `HTTP ${statusCode} without JSON: is Weir down, or WEIR_BASE_URL the address of something else?`;
  // Busy is busy, whoever says it.
  if ([429, 503].includes(statusCode)) return refuse(statusCode, words);
  throw new Mishap(words);
}

/**
 * @param {URL} url
 * @param {Asked} asked
 * @returns {Promise<Answer>}
 */
function ask(url, { method, headers, body }) {
  return new Promise((resolve, reject) => {
    const { request } = url.protocol === 'https:' ? https : http;
    const sent = request(url, { method, headers }, (answer) => {
      /** @type {Buffer[]} */
      const parts = [];
      let size = 0;
      answer.on('data', (part) => {
        size += part.length;
        if (size > LARGEST) giveUp(new Mishap('the answer is too long for one of Weir'));
        else parts.push(part);
      });
      answer.on('error', giveUp);
      answer.on('end', () => {
        clearTimeout(late);
        try {
          resolve(read(answer, Buffer.concat(parts).toString('utf8')));
        } catch (failure) {
          reject(failure);
        }
      });
    });
    /** @param {Error} failure */
    const giveUp = (failure) => {
      clearTimeout(late);
      reject(failure);
      sent.destroy();
    };
    const late = setTimeout(() => giveUp(new Mishap('the server did not answer in time')), PATIENCE_MS);
    sent.on('error', giveUp);
    sent.end(body);
  });
}

/**
 * What to mend.
 * @param {Error & { code?: string }} failure
 */
function explain(failure) {
  if (failure instanceof Mishap) return failure.message;
  const { code = '' } = failure;
  if (code === 'ENOTFOUND') return 'nobody knows the host in WEIR_BASE_URL';
  if (/^(EPROTO|ERR_SSL_)/.test(code)) return 'no HTTPS is spoken at WEIR_BASE_URL';
  if (/CERT|SIGNATURE/.test(code)) return "the server's certificate is not accepted";
  if (code.startsWith('HPE_')) return 'no HTTP is spoken at WEIR_BASE_URL';
  return 'the server cannot be reached';
}

/**
 * Weir's answer, or 502 with what to mend.
 * @param {URL} url
 * @param {Asked} asked
 */
async function answerOf(url, asked) {
  try {
    return await ask(url, asked);
  } catch (failure) {
    const words = explain(/** @type {Error} */ (failure));
    // The address is nobody's business but the operator's, who finds it in the function's log.
    console.error(`${asked.method} ${url.origin}${url.pathname}: ${words}`, failure);
    return refuse(502, words);
  }
}

module.exports = { refuse, addressOf, areSendable, answerOf };
