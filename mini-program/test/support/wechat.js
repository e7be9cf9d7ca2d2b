import { runFunction } from './cloud.js';

const APPID = 'wx1000000000000001';

/** Calls back as WeChat does: `success` or `fail`, and never both. Some of its versions say nothing of a failure. */
function answer(phone, name, work, { success, fail }) {
  phone.during(work).then(
    (result) => success?.({ errMsg: `${name}:ok`, ...result }),
    (failure) =>
      phone.saysNothing
        ? fail?.()
        : fail?.({ errMsg: `${name}:fail ${failure.message}`, errCode: failure.errCode }),
  );
}

/** WeChat itself: what this mini-program uses of `wx`, played with the simulator. */
export function wechat(phone) {
  const { world, person } = phone;
  const who = { appid: 'mini', user: person };

  async function request({ url, method = 'GET', data, header }) {
    const path = new URL(url).pathname;
    phone.requests.push({ method, path, header, data });
    if (phone.isOffline || phone.drops === path) throw new Error('net::ERR_INTERNET_DISCONNECTED');
    const between = phone.between?.({ path, data });
    if (between?.fails) throw new Error(between.fails);
    if (between) return { header: {}, ...between };
    const response = await fetch(url, {
      method,
      headers: header,
      body: data === undefined ? undefined : JSON.stringify(data),
    });
    const text = await response.text();
    if (phone.holds === path) await phone.hold();
    if (phone.losesAnswers === true || phone.losesAnswers === path) throw new Error('timeout');
    return { statusCode: response.status, data: JSON.parse(text), header: {} };
  }

  async function login() {
    phone.logins += 1;
    if (phone.failsLogin) throw new Error(phone.failsLogin);
    return { code: phone.code ?? (await world.control('login-code', who)).code };
  }

  async function getUserProfile(isInTap) {
    if (!isInTap) throw new Error('can only be invoked by user TAP gesture.');
    const { nickname, avatar } = await world.person(person);
    const isOld = phone.library < '2.27.1';
    return {
      userInfo: isOld
        ? { nickName: nickname, avatarUrl: avatar }
        : { nickName: '微信用户', avatarUrl: 'grey' },
    };
  }

  async function requestSubscribeMessage({ tmplIds }, isInTap) {
    if (!isInTap) throw new Error('can only be invoked by user TAP gesture.');
    if (phone.hasMessagesOff)
      throw Object.assign(new Error('The main switch is switched off'), { errCode: 20004 });
    const answers = {};
    for (const template of tmplIds) {
      const result = phone.answers[template] ?? 'reject';
      await world.control('subscribe', { ...who, template_id: template, result });
      answers[template] = result;
    }
    return answers;
  }

  async function callFunction({ name, data }) {
    if (!phone.cloud) throw new Error('Cloud API isn’t enabled, please call wx.cloud.init first');
    const { openids, unionid } = await world.person(person);
    const caller = { OPENID: openids[APPID], UNIONID: unionid, APPID, CLIENTIP: '192.0.2.7' };
    const environment = { WEIR_BASE_URL: world.weir, WEIR_API_KEY: phone.functionKey };
    return { result: await runFunction(name, data, { caller, environment }) };
  }

  /** Pages change after the tap that asked for it. */
  const change = (what) => phone.during(Promise.resolve().then(what));

  return {
    request: (asked) => answer(phone, 'request', request(asked), asked),
    login: (asked) => answer(phone, 'login', login(), asked),
    getUserProfile: (asked) => answer(phone, 'getUserProfile', getUserProfile(phone.inTap), asked),
    requestSubscribeMessage: (asked) =>
      answer(phone, 'requestSubscribeMessage', requestSubscribeMessage(asked, phone.inTap), asked),
    cloud: {
      init: ({ env }) => {
        phone.cloud = env;
      },
      callFunction: (asked) => answer(phone, 'cloud.callFunction', callFunction(asked), asked),
      uploadFile: (asked) =>
        answer(
          phone,
          'cloud.uploadFile',
          phone.failsUpload
            ? Promise.reject(new Error(phone.failsUpload))
            : Promise.resolve({ fileID: `cloud://demo/${asked.cloudPath}` }),
          asked,
        ),
    },
    getStorageSync: (key) => (phone.storage.has(key) ? structuredClone(phone.storage.get(key)) : ''),
    setStorageSync: (key, value) => {
      if (phone.isFull) throw new Error('setStorageSync:fail exceed max size');
      phone.storage.set(key, structuredClone(value));
    },
    removeStorageSync: (key) => phone.storage.delete(key),
    getAppBaseInfo: () => ({ SDKVersion: phone.library, language: phone.language }),
    getAccountInfoSync: () => ({ miniProgram: { appId: APPID, envVersion: phone.version ?? 'develop' } }),
    onNetworkStatusChange: (listener) => {
      phone.networkChanged = listener;
    },
    navigateTo: ({ url }) =>
      change(() => {
        if (phone.stack.length >= 10) throw new Error('navigateTo:fail webview count limit exceed');
        phone.show(url);
      }),
    navigateBack: ({ delta = 1 } = {}) =>
      change(() => {
        phone.close(delta);
        phone.page.component.instance.onShow?.();
      }),
    reLaunch: ({ url }) =>
      change(() => {
        phone.close(phone.stack.length);
        phone.show(url);
      }),
    switchTab: ({ url }) => {
      phone.tab = url;
    },
    setNavigationBarTitle: ({ title }) => {
      phone.title = title;
    },
    setClipboardData: async ({ data }) => {
      if (phone.refusesClipboard)
        throw { errMsg: 'setClipboardData:fail privacy permission is not authorized' };
      phone.clipboard = data;
    },
    showToast: ({ title }) => {
      phone.toast = title;
    },
    showModal: async () => ({ confirm: phone.confirms ?? true }),
  };
}
