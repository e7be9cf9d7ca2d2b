const config = require('../../config.js');
const resumes = require('../../data/resumes.js');
const actions = require('../../utils/actions.js');
const auth = require('../../utils/wechat-login.js');
const { Failure } = require('../../utils/errors.js');
const { explain, words } = require('../../utils/i18n.js');
const { open, toLogin } = require('../../utils/pages.js');
const { bindPhone } = require('../../utils/phone.js');
const { askForMessages } = require('../../utils/subscription.js');
const { me } = require('../../utils/user.js');

Page({
  data: {
    t: words(),
    resume: resumes['resume-1'],
    resumeId: 'resume-1',
    advisorId: config.advisorId,
    needsPhone: false,
    viewed: false,
    busy: false,
    error: '',
    notice: '',
  },

  onLoad({ lang, id = 'resume-1', advisor = config.advisorId }) {
    const t = words(lang);
    const known = Object.keys(resumes).includes(id);
    const resume = known ? resumes[/** @type {'resume-1'} */ (id)] : this.data.resume;
    this.setData({ t, resume, resumeId: id, advisorId: advisor });
    wx.setNavigationBarTitle({ title: t.resumeTitle });
  },

  /** Anybody may look; whose look it was is told once there is somebody. */
  async onShow() {
    if (!auth.checkLoginStatus()) return;
    this.setData({ needsPhone: !me().phone });
    if (this.data.viewed) return;
    this.setData({ viewed: true });
    // What the page tells by itself keeps no finger back.
    try {
      this.setData({ notice: await this.record('view_resume', '') });
    } catch (failure) {
      this.fail(failure);
    }
  },

  async handleContact() {
    await this.attempt(() => this.record('contact_advisor', this.data.t.contacted));
  },

  async handleBook() {
    await this.attempt(() => this.record('book_service', this.data.t.booked));
  },

  /** @param {WechatMiniprogram.CustomEvent<import('../../utils/phone.js').Given>} event */
  async handlePhone({ detail }) {
    await this.attempt(async () => {
      await bindPhone(detail);
      this.setData({ needsPhone: false });
      return this.data.t.phoneBound;
    });
  },

  async handleSubscribe() {
    const { t, advisorId } = this.data;
    await this.attempt(async () => {
      if (!auth.checkLoginStatus()) throw new Failure('login');
      const { accepted, sent } = await askForMessages(advisorId);
      if (!sent) return t.kept;
      return accepted > 0 ? t.subscribed : t.unsubscribed;
    });
  },

  openProfile() {
    open('/pages/profile/profile');
  },

  /**
   * @param {'view_resume' | 'contact_advisor' | 'book_service'} what
   * @param {string} done
   */
  async record(what, done) {
    const { advisorId, resumeId, t } = this.data;
    const outcome = await actions.record(what, { advisorId, resumeId });
    if (outcome.sent) return done;
    if (outcome.reason instanceof Failure && outcome.reason.kind === 'login') throw outcome.reason;
    return t.kept;
  },

  /** @param {() => Promise<string>} what */
  async attempt(what) {
    if (this.data.busy) return;
    this.setData({ busy: true, error: '', notice: '' });
    try {
      this.setData({ notice: await what() });
    } catch (failure) {
      this.fail(failure);
    } finally {
      this.setData({ busy: false });
    }
  },

  /** @param {unknown} failure */
  fail(failure) {
    if (failure instanceof Failure && failure.kind === 'login') toLogin('navigateTo');
    else this.setData({ error: explain(failure, this.data.t) });
  },
});
