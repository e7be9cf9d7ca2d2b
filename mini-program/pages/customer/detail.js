const { words } = require('../../utils/i18n.js');

/** Where the advisor's message leads. What is known of the lead is in the console: a phone that was lent sees a number only. */
Page({
  data: { t: words(), id: '' },

  onLoad({ lang, id = '' }) {
    const t = words(lang);
    this.setData({ t, id });
    wx.setNavigationBarTitle({ title: t.leadTitle });
  },

  async handleCopy() {
    await wx.setClipboardData({ data: this.data.id });
    wx.showToast({ title: this.data.t.copied });
  },
});
