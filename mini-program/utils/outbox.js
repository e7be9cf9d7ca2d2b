const auth = require('./wechat-login.js');
const { call } = require('./api.js');
const { Failure, isPassing } = require('./errors.js');
const storage = require('./storage.js');

const KEPT = 'kept_reports';

/** The server knows a key again for a day: sent later, a report might count twice. */
const LIFETIME = 24 * 60 * 60 * 1000;

/**
 * A report to the server that must arrive, and count once however often it is sent.
 *
 * @typedef {object} Report
 * @property {string} key for `Idempotency-Key`
 * @property {number} at when it was made, in Unix milliseconds
 * @property {string} openid whose it is
 * @property {string} path
 * @property {Record<string, unknown>} body
 *
 * @typedef {{ sent: true, data: any } | { sent: false, reason: unknown }} Outcome
 * @typedef {{ resolve: (outcome: Outcome) => void, reject: (failure: unknown) => void }} Waiting
 */

/** @type {Map<string, Waiting>} */
const waiting = new Map();

/** @returns {Report[]} */
const kept = () => storage.read(KEPT) || [];

/** @param {Report[]} reports */
const keep = (reports) => storage.write(KEPT, reports);

/** @param {string} key */
const drop = (key) => keep(kept().filter((report) => report.key !== key));

/**
 * The next of whoever is logged in; another person's wait for them.
 * @param {Set<string>} tried keys
 */
function next(tried) {
  const user = auth.getLocalUserInfo();
  return kept().find(({ key, openid }) => user && openid === user.openid && !tried.has(key));
}

/**
 * @param {string} key
 * @param {(waiting: Waiting) => void} how
 */
function tell(key, how) {
  const one = waiting.get(key);
  waiting.delete(key);
  if (one) how(one);
}

/** Said before the server is reached: the same awaits every report. */
const UNREACHED = [502, 504];

/**
 * What a failure means for a report: it is over; it stays, and so do all others; or it stays while the others are tried, for
 * the server failed at this one (500), another try of it is still under way (409), or something here failed at it.
 * @param {unknown} failure
 * @returns {'over' | 'wait' | 'skip'}
 */
function after(failure) {
  if (!(failure instanceof Failure)) return 'skip';
  // Somebody logged out or in under it.
  if (failure.kind === 'login') return 'wait';
  if (UNREACHED.includes(failure.statusCode)) return 'wait';
  if (failure.kind === 'server' || failure.kind === 'stale') return 'skip';
  return isPassing(failure) ? 'wait' : 'over';
}

/**
 * Tells all who wait that theirs is kept for later.
 * @param {unknown} reason
 */
function leave(reason) {
  for (const key of [...waiting.keys()]) tell(key, ({ resolve }) => resolve({ sent: false, reason }));
}

/** Sends what is kept in the order in which it was made. */
async function drain() {
  keep(kept().filter((report) => Date.now() - report.at < LIFETIME));
  /** @type {Set<string>} */
  const tried = new Set();
  for (let report = next(tried); report; report = next(tried)) {
    const { key, path, body } = report;
    tried.add(key);
    try {
      const data = await call({ method: 'POST', path, body, headers: { 'Idempotency-Key': key } });
      drop(key);
      tell(key, ({ resolve }) => resolve({ sent: true, data }));
    } catch (failure) {
      const what = after(failure);
      if (what === 'over') {
        drop(key);
        tell(key, ({ reject }) => reject(failure));
        continue;
      }
      if (what === 'wait') return leave(failure);
      tell(key, ({ resolve }) => resolve({ sent: false, reason: failure }));
    }
  }
  // Whoever still waits is not who is logged in.
  leave(new Failure('login'));
}

let turn = Promise.resolve();

/** Sends what is kept, one flush after the other. What cannot be sent now stays for the next. */
function flush() {
  turn = turn.then(drain, drain);
  return turn;
}

function newKey() {
  const part = () => Math.random().toString(36).slice(2);
  return `${Date.now().toString(36)}-${part()}${part()}`;
}

/**
 * Keeps a report in storage, then sends it.
 * @param {string} openid
 * @param {string} path
 * @param {Record<string, unknown>} body
 * @returns {Promise<Outcome>} not sent: it is kept, and goes with a later flush
 */
function post(openid, path, body) {
  const report = { key: newKey(), at: Date.now(), openid, path, body };
  keep([...kept(), report]);
  const outcome = new Promise((resolve, reject) => waiting.set(report.key, { resolve, reject }));
  flush();
  return outcome;
}

/**
 * Drops what is kept of a person who is erased.
 * @param {string} openid
 */
function forgetAll(openid) {
  keep(kept().filter((report) => report.openid !== openid));
}

module.exports = { post, flush, forgetAll };
