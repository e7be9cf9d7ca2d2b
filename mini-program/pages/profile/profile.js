const auth = require('../../utils/wechat-login.js');
const { Failure } = require('../../utils/errors.js');
const { explain, words } = require('../../utils/i18n.js');
const { bindPhone, masked } = require('../../utils/phone.js');
const { eraseAccount, me, refreshProfile } = require('../../utils/user.js');

Page({
  data: {
    t: words(),
    person: /** @type {import('../../utils/user.js').Person | null} */ (null),
    name: '',
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
      wx.reLaunch({ url: '/pages/login/login' });
      return;
    }
    this.show(me());
    await this.attempt(async () => this.show(await refreshProfile()), '');
  },

  async handleRefresh() {
    await this.attempt(async () => this.show(await refreshProfile()), this.data.t.refreshed);
  },

  /** @param {WechatMiniprogram.CustomEvent<import('../../utils/phone.js').Given>} event */
  async handlePhone({ detail }) {
    await this.attempt(async () => this.show(await bindPhone(detail)), this.data.t.phoneBound);
  },

  openResume() {
    wx.navigateTo({ url: '/pages/resume/resume' });
  },

  async handleLogout() {
    await auth.logout();
    wx.reLaunch({ url: '/pages/login/login' });
  },

  async handleErase() {
    const { erase, eraseAsk } = this.data.t;
    const { confirm } = await wx.showModal({ title: erase, content: eraseAsk });
    if (!confirm) return;
    await this.attempt(async () => {
      await eraseAccount();
      wx.reLaunch({ url: '/pages/login/login' });
    }, '');
  },

  /** @param {import('../../utils/user.js').Person} person */
  show(person) {
    const { t } = this.data;
    this.setData({
      person,
      name: person.nickname || t.noName,
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
      if (failure instanceof Failure && failure.kind === 'login') wx.reLaunch({ url: '/pages/login/login' });
      else this.setData({ error: explain(failure, this.data.t) });
    } finally {
      this.setData({ busy: false });
    }
  },
});
