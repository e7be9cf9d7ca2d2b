// The pages as the client's document publishes them: its login page, its guarded page and its request with a token. Where it says
// require('../../utils/wechat-login.js') the utilities are handed in.

module.exports = (wechatAuth) => {
  const login = {
    handleWechatLogin() {
      return wechatAuth
        .wechatLogin()
        .then((result) => {
          this.result = result;
          wx.switchTab({ url: '/pages/index/index' });
        })
        .catch((error) => {
          wx.showToast({ title: error.message, icon: 'none' });
        });
    },
  };

  const guarded = {
    onLoad() {
      // 检查是否已登录
      if (!wechatAuth.checkLoginStatus()) {
        // 未登录，跳转到登录页
        wx.navigateTo({ url: '/pages/login/login' });
        return;
      }

      // 已登录，加载页面数据
      this.loadPageData();
    },

    loadPageData() {
      const token = wechatAuth.getLocalToken();
      const userInfo = wechatAuth.getLocalUserInfo();

      this.shown = { token, nickname: userInfo.nickname };
    },
  };

  // 获取用户信息
  function getUserProfile() {
    const token = wechatAuth.getLocalToken();

    return new Promise((resolve, reject) => {
      wx.cloud.callFunction({
        name: 'api-proxy',
        data: {
          method: 'GET',
          path: '/api/v1/user/profile',
          headers: {
            Authorization: `Bearer ${token}`,
          },
        },
        success: (res) => {
          if (res.result.statusCode === 200) {
            resolve(res.result.data.data);
          } else if (res.result.statusCode === 401) {
            // Token 过期，跳转到登录页
            wx.reLaunch({ url: '/pages/login/login' });
            reject(new Error('登录已过期'));
          } else {
            reject(new Error('请求失败'));
          }
        },
        fail: reject,
      });
    });
  }

  return { login, guarded, getUserProfile };
};
