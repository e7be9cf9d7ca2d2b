/**
 * What can go wrong, told apart by what a page does about it:
 * `offline`: nothing was heard from the server, so nobody knows whether it did something;
 * `busy`: it said to come back later; `server`: it failed;
 * `login`: only a new login helps; `stale`: WeChat's session_key has changed since the data was given;
 * `denied`: the person said no; `privacy`: they have not agreed to the privacy notice; `wechat`: WeChat itself failed;
 * `refused`: the server says what is wrong with what was asked.
 *
 * @typedef {'offline' | 'busy' | 'server' | 'login' | 'stale' | 'denied' | 'privacy' | 'wechat' | 'refused'} Kind
 */

class Failure extends Error {
  /**
   * @param {Kind} kind
   * @param {string} [message] the server's or WeChat's own words
   * @param {number} [statusCode]
   */
  constructor(kind, message = '', statusCode = 0) {
    super(message || kind);
    this.name = 'Failure';
    this.kind = kind;
    /** Empty where nobody said anything. */
    this.said = message;
    this.statusCode = statusCode;
  }
}

/**
 * What a `fail` callback was given, if anything.
 * @param {{ errMsg?: string } | undefined} failure
 * @param {Kind} otherwise
 */
function ofWechat(failure, otherwise) {
  const message = failure?.errMsg || '';
  if (message.includes('privacy permission')) return new Failure('privacy', message);
  if (/cancel|deny|denied/.test(message)) return new Failure('denied', message);
  return new Failure(otherwise, message);
}

/**
 * Whether Weir itself refused: both families say so beside their `message`, and what stands between it and the phone (a proxy,
 * the page of a hotel's network) does not.
 * @param {any} body
 */
function isRefusal(body) {
  if (typeof body !== 'object' || body === null || typeof body.message !== 'string') return false;
  return body.success === false || typeof body.code === 'number';
}

/**
 * What an answer that is no success means. Who is not Weir cannot refuse anything: later Weir may answer.
 * @param {number} statusCode
 * @param {any} body
 */
function ofAnswer(statusCode, body) {
  if (!isRefusal(body))
    return new Failure(statusCode === 429 || statusCode === 503 ? 'busy' : 'server', '', statusCode);
  const { message } = body;
  if (statusCode === 401) return new Failure('login', message, statusCode);
  if (statusCode === 409) return new Failure('stale', message, statusCode);
  if (statusCode === 429 || statusCode === 503) return new Failure('busy', message, statusCode);
  if (statusCode >= 500) return new Failure('server', message, statusCode);
  return new Failure('refused', message, statusCode);
}

/**
 * The `data` of a success. What is none of Weir's answers, such as the page of a hotel's network, is no success.
 * @param {{ statusCode: number, data: any }} answer
 */
function dataOf({ statusCode, data }) {
  if (statusCode !== 200) throw ofAnswer(statusCode, data);
  if (typeof data !== 'object' || data === null || !('data' in data)) {
    throw new Failure('server', '', statusCode);
  }
  return data.data;
}

/**
 * Whether trying again later can help.
 * @param {unknown} failure
 */
function isPassing(failure) {
  return failure instanceof Failure && ['offline', 'busy', 'server'].includes(failure.kind);
}

module.exports = { Failure, ofWechat, ofAnswer, dataOf, isPassing };
