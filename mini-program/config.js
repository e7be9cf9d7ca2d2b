/**
 * The one file to change.
 *
 * @typedef {object} Simulator
 * @property {string} url where `weir simulate` or `weir demo` plays WeChat
 * @property {string} app which mini-program this is there: its name or appid. WeChat's tools may give it a test appid
 * @property {string} user who holds the phone: alice, bob or carol
 */
module.exports = {
  /** Where your Weir answers. On a phone: https, and in the console's list of request domains. */
  baseUrl: 'http://127.0.0.1:8080',

  /** The id of your cloud environment. Set, every call goes through the cloud function api-proxy and `baseUrl` is not used. */
  cloudEnv: '',

  /** With `cloudEnv`: log in by the cloud function wechat-login. No session_key then, so nothing can be decrypted. */
  cloudLogin: false,

  /** Which mini-program this is, when your Weir serves several: its name or appid. Empty: the first configured. */
  app: '',

  /** Whose resume is shown when the page's address names nobody. */
  advisorId: 'advisor-1',

  /** The subscription messages an advisor is asked about: at most three. */
  templateIds: ['TMPL_DEMO_ACTION'],

  /** How long to wait for an answer, in milliseconds. */
  timeout: 10000,

  /**
   * WeChat's double, which stands in for `wx.login`, the phone button and the prompt in development versions only.
   * Null: WeChat itself.
   * @type {Simulator | null}
   */
  simulator: { url: 'http://127.0.0.1:7070', app: 'mini', user: 'alice' },
};
