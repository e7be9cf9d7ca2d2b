const { ofWechat } = require('../../utils/errors.js');
const { explain, words } = require('../../utils/i18n.js');

/** Where the advisor's message leads. What is known of the lead is in the console: a phone that was lent sees a number only. */
Page({
  data: { t: words(), id: '' },

  onLoad({ lang, id = '' }) {
    const t = words(lang);
    this.setData({ t, id });
    wx.setNavigationBarTitle({ title: t.leadTitle });
  },

  async handleCopy() {
    const { id, t } = this.data;
    // Without the little picture there is room for every language.
    try {
      await wx.setClipboardData({ data: id });
      wx.showToast({ title: t.copied, icon: 'none' });
    } catch (failure) {
      const { errMsg } = /** @type {{ errMsg?: string }} */ (failure);
      wx.showToast({ title: explain(ofWechat({ errMsg }, 'wechat'), t), icon: 'none' });
    }
  },
});
