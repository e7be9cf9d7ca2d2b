const auth = require('./wechat-login.js');

const LOGIN = '/pages/login/login';

/**
 * Opens the login page, where only a login helps. A failure that comes late throws nobody out who has logged in since, and
 * opens nothing twice.
 * @param {'navigateTo' | 'reLaunch'} how
 */
function toLogin(how) {
  const pages = getCurrentPages();
  const top = pages[pages.length - 1];
  if (auth.checkLoginStatus() || (top && `/${top.route}` === LOGIN)) return;
  if (how === 'reLaunch') wx.reLaunch({ url: LOGIN });
  else wx.navigateTo({ url: LOGIN });
}

/**
 * Opens a page, or goes back to it where it is open already: WeChat opens no more than ten on each other.
 * @param {string} url
 */
function open(url) {
  const pages = getCurrentPages();
  const at = pages.findIndex(({ route }) => `/${route}` === url);
  if (at >= 0) wx.navigateBack({ delta: pages.length - 1 - at });
  else wx.navigateTo({ url });
}

module.exports = { open, toLogin };
