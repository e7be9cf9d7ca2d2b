const auth = require('../../utils/wechat-login.js');
const { Failure } = require('../../utils/errors.js');
const { explain, words } = require('../../utils/i18n.js');
const { open, toLogin } = require('../../utils/pages.js');
const { bindPhone, masked } = require('../../utils/phone.js');
const { eraseAccount, me, refreshProfile } = require('../../utils/user.js');

/** What WeChat and Weir call whoever gave no name. */
const NAMELESS = '微信用户';

Page({
  data: {
    t: words(),
    person: /** @type {import('../../utils/user.js').Person | null} */ (null),
    name: '',
    initial: '',
    number: '',
    busy: false,
    error: '',
    notice: '',
  },

  onLoad({ lang }) {
    const t = words(lang);
    this.setData({ t });
    wx.setNavigationBarTitle({ title: t.profileTitle });
  },

  async onShow() {
    if (!auth.checkLoginStatus()) {
      toLogin('reLaunch');
      return;
    }
    this.show(me());
    // What the page asks by itself keeps no finger back.
    try {
      this.show(await refreshProfile());
    } catch (failure) {
      this.fail(failure);
    }
  },

  async handleRefresh() {
    await this.attempt(async () => this.show(await refreshProfile()), this.data.t.refreshed);
  },

  /** @param {WechatMiniprogram.CustomEvent<import('../../utils/phone.js').Given>} event */
  async handlePhone({ detail }) {
    await this.attempt(async () => this.show(await bindPhone(detail)), this.data.t.phoneBound);
  },

  openResume() {
    open('/pages/resume/resume');
  },

  async handleLogout() {
    const toldServer = auth.logout();
    wx.reLaunch({ url: '/pages/login/login' });
    await toldServer;
  },

  async handleErase() {
    const { erase, eraseAsk } = this.data.t;
    const { confirm } = await wx.showModal({ title: erase, content: eraseAsk });
    if (!confirm) return;
    await this.attempt(async () => {
      await eraseAccount();
      toLogin('reLaunch');
    }, '');
  },

  /** @param {import('../../utils/user.js').Person} person */
  show(person) {
    const { t } = this.data;
    const { nickname } = person;
    const name = nickname && nickname !== NAMELESS ? nickname : t.noName;
    this.setData({
      person,
      name,
      // A whole character, also where it is two code units.
      initial: Array.from(name)[0] || '',
      number: person.phone ? masked(person.phone) : t.noPhone,
    });
  },

  /**
   * @param {() => Promise<void>} what
   * @param {string} done
   */
  async attempt(what, done) {
    if (this.data.busy) return;
    this.setData({ busy: true, error: '', notice: '' });
    try {
      await what();
      this.setData({ notice: done });
    } catch (failure) {
      this.fail(failure);
    } finally {
      this.setData({ busy: false });
    }
  },

  /** @param {unknown} failure */
  fail(failure) {
    if (failure instanceof Failure && failure.kind === 'login') toLogin('reLaunch');
    else this.setData({ error: explain(failure, this.data.t) });
  },
});
