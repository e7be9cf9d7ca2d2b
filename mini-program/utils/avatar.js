const config = require('../config.js');
const { ofWechat } = require('./errors.js');

/**
 * What becomes of a chosen picture. WeChat gives a file on this phone, of no use to anybody else: with a cloud environment it
 * goes into its storage, and its address there is the avatar; without one it is told to nobody.
 * @param {string} file
 * @returns {Promise<string>} the address for the server, or nothing
 */
function upload(file) {
  if (!config.cloudEnv || !file) return Promise.resolve('');
  const name = `${Date.now()}-${Math.random().toString(36).slice(2)}`;
  const [kind = ''] = /\.\w{1,5}$/.exec(file) || [];
  return new Promise((resolve, reject) => {
    wx.cloud.uploadFile({
      cloudPath: `avatars/${name}${kind}`,
      filePath: file,
      success: ({ fileID }) => resolve(fileID),
      fail: (failure) => reject(ofWechat(failure, 'offline')),
    });
  });
}

module.exports = { upload };
