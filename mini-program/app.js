const config = require('./config.js');
const actions = require('./utils/actions.js');

App({
  onLaunch() {
    if (config.cloudEnv) wx.cloud.init({ env: config.cloudEnv, traceUser: true });
    wx.onNetworkStatusChange(({ isConnected }) => {
      if (isConnected) actions.flush();
    });
  },

  // What could not be sent the last time.
  onShow() {
    actions.flush();
  },
});
