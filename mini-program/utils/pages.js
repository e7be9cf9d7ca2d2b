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

module.exports = { toLogin };
