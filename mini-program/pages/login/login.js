const auth = require('../../utils/wechat-login.js');
const avatars = require('../../utils/avatar.js');
const actions = require('../../utils/actions.js');
const { explain, words } = require('../../utils/i18n.js');
const { bindPhone, mustBeGiven } = require('../../utils/phone.js');

Page({
  data: {
    t: words(),
    avatar: '',
    nickname: '',
    busy: false,
    error: '',
  },

  onLoad({ lang }) {
    const t = words(lang);
    this.setData({ t });
    wx.setNavigationBarTitle({ title: t.loginTitle });
  },

  /** @param {WechatMiniprogram.CustomEvent<{ avatarUrl: string }>} event */
  chooseAvatar({ detail }) {
    this.setData({ avatar: detail.avatarUrl });
  },

  /** @param {WechatMiniprogram.CustomEvent<{ value: string }>} event */
  typeNickname({ detail }) {
    this.setData({ nickname: detail.value });
  },

  async handleWechatLogin() {
    await this.attempt(() => this.logIn());
  },

  /** @param {WechatMiniprogram.CustomEvent<import('../../utils/phone.js').Given>} event */
  async handlePhone({ detail }) {
    await this.attempt(async () => {
      mustBeGiven(detail);
      if (!auth.checkLoginStatus()) await this.logIn();
      await bindPhone(detail);
    });
  },

  async logIn() {
    const nickName = this.data.nickname.trim();
    // What is empty is not sent: the server then keeps what it knows.
    const avatarUrl = await avatars.upload(this.data.avatar);
    await auth.wechatLogin({ ...(nickName && { nickName }), ...(avatarUrl && { avatarUrl }) });
  },

  /** @param {() => Promise<void>} what */
  async attempt(what) {
    if (this.data.busy) return;
    this.setData({ busy: true, error: '' });
    try {
      await what();
      actions.flush();
      this.leave();
    } catch (failure) {
      this.setData({ error: explain(failure, this.data.t) });
    } finally {
      this.setData({ busy: false });
    }
  },

  /** Back to where a login was missing. */
  leave() {
    if (getCurrentPages().length > 1) wx.navigateBack();
    else wx.reLaunch({ url: '/pages/profile/profile' });
  },
});
