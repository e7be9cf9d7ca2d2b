// The listings of the document that publishes the client, put together behind the exports that it names. Calls, fields and
// storage keys are its own: nothing here knows of Weir.

const PROXY = 'api-proxy';

function callProxy(method, path, options = {}) {
  return new Promise((resolve, reject) => {
    wx.cloud.callFunction({
      name: PROXY,
      data: { method, path, ...options },
      success: (res) => {
        if (res.result.statusCode === 200) {
          resolve(res.result.data.data);
        } else {
          reject(new Error(res.result.data.message));
        }
      },
      fail: reject,
    });
  });
}

function getCode() {
  return new Promise((resolve, reject) => {
    wx.login({
      success: (res) => {
        const code = res.code;
        resolve(code);
      },
      fail: reject,
    });
  });
}

function getProfile() {
  return new Promise((resolve, reject) => {
    wx.getUserProfile({
      desc: '用于完善用户资料',
      success: (res) => {
        const { nickName, avatarUrl } = res.userInfo;
        resolve({ nickName, avatarUrl });
      },
      fail: reject,
    });
  });
}

function wechatLogin() {
  return Promise.all([getCode(), getProfile()])
    .then(([code, { nickName, avatarUrl }]) =>
      callProxy('POST', '/api/v1/auth/wx-login', { body: { code, nickName, avatarUrl } }),
    )
    .then((data) => {
      const token = data.access_token;
      const userInfo = data.user;
      wx.setStorageSync('access_token', token);
      wx.setStorageSync('user_info', userInfo);
      return { token, userInfo };
    });
}

function checkLoginStatus() {
  return !!wx.getStorageSync('access_token');
}

function getLocalUserInfo() {
  return wx.getStorageSync('user_info');
}

function getLocalToken() {
  return wx.getStorageSync('access_token');
}

function refreshToken() {
  const headers = { Authorization: `Bearer ${getLocalToken()}` };
  return callProxy('POST', '/api/v1/auth/refresh', { headers }).then((data) => {
    wx.setStorageSync('access_token', data.access_token);
    return data.access_token;
  });
}

function logout() {
  const headers = { Authorization: `Bearer ${getLocalToken()}` };
  return callProxy('POST', '/api/v1/auth/logout', { headers }).then((data) => {
    wx.removeStorageSync('access_token');
    wx.removeStorageSync('user_info');
    return data;
  });
}

module.exports = { wechatLogin, checkLoginStatus, getLocalUserInfo, getLocalToken, logout, refreshToken };
