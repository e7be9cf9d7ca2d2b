import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { document, simulate } from './dom.js';
import { wechat } from './wechat.js';

const require = createRequire(import.meta.url);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** How a page's definition becomes the component that miniprogram-simulate can draw. */
function asComponent({ data, ...rest }) {
  globalThis.Component({ data, methods: rest });
}

/** A phone in somebody's hand, with the mini-program on it. */
export class Phone {
  constructor(world, person, { language = 'zh_CN', library = '3.8.0', config = {} } = {}) {
    Object.assign(this, { world, person, language, library });
    this.storage = new Map();
    this.stack = [];
    this.requests = [];
    this.logins = 0;
    this.answers = {};
    this.pending = 0;
    this.start({ baseUrl: world.weir, simulator: null, ...config });
  }

  /** The mini-program from the beginning, as after it was closed. What is in storage stays. */
  start(config = this.config) {
    for (const name of Object.keys(require.cache)) {
      if (name.startsWith(ROOT) && !name.startsWith(`${ROOT}test/`)) delete require.cache[name];
    }
    this.close(this.stack.length);
    this.cloud = undefined;
    globalThis.wx = wechat(this);
    globalThis.Page = asComponent;
    globalThis.getCurrentPages = () => this.stack.map(({ route }) => ({ route }));
    globalThis.App = (app) => {
      this.app = app;
    };
    this.config = config;
    Object.assign(this.require('config.js'), config);
    this.require('app.js');
    this.app.onLaunch();
    this.app.onShow();
  }

  /** A module of the mini-program. */
  require(name) {
    return require(ROOT + name);
  }

  get page() {
    return this.stack.at(-1);
  }

  /** Anything that WeChat answers later; until then nothing is settled. */
  async during(work) {
    this.pending += 1;
    try {
      return await work;
    } finally {
      this.pending -= 1;
      // WeChat opens its sheets in a tap only: after an answer that tap is over.
      this.inTap = false;
    }
  }

  /** Keeps the answers from `holds` on their way until `letGo`; `held` is when the first has come so far. */
  holdsBack(path) {
    this.holds = path;
    this.held = new Promise((come) => {
      this.hold = () => {
        come();
        return this.released;
      };
    });
    this.released = new Promise((go) => {
      this.letGo = go;
    });
  }

  /** Until nothing is under way any more. */
  async settle() {
    for (let quiet = 0; quiet < 3; quiet = this.pending === 0 ? quiet + 1 : 0) {
      await new Promise((done) => setImmediate(done));
    }
  }

  close(count) {
    for (const { component } of this.stack.splice(this.stack.length - count)) component.detach();
  }

  show(url) {
    const [path, query = ''] = url.split('?');
    const route = path.replace(/^\//, '');
    if (!this.require('app.json').pages.includes(route)) throw new Error(`there is no page ${route}`);
    const id = simulate.load(ROOT + route, 'page', { compiler: 'simulate', rootPath: ROOT });
    const component = simulate.render(id);
    component.attach(document.body);
    this.stack.push({ route, component });
    component.instance.onLoad(Object.fromEntries(new URLSearchParams(query)));
    component.instance.onShow?.();
  }

  /** Opens a page as from the start, and waits until it has what it asked for. */
  async open(url) {
    this.close(this.stack.length);
    this.show(url);
    await this.settle();
  }

  find(selector) {
    const found = this.page.component.querySelector(selector);
    if (!found) throw new Error(`${this.page.route} has no ${selector}: ${this.text}`);
    return found;
  }

  attribute(selector, name) {
    const { attrs } = this.find(selector)._exparserNode._vt;
    return attrs.find((attr) => attr.name === name)?.value;
  }

  has(selector) {
    return Boolean(this.page.component.querySelector(selector));
  }

  said(selector) {
    return this.find(selector).dom.textContent.trim();
  }

  get text() {
    return this.page.component.dom.textContent;
  }

  /** A finger on something, without waiting for what comes of it. */
  async press(selector) {
    if (this.attribute(selector, 'disabled')) throw new Error(`${selector} is disabled`);
    const button = this.find(selector);
    const type = this.attribute(selector, 'open-type');
    this.inTap = true;
    if (type === 'getPhoneNumber') {
      const detail = await this.during(this.phoneNumber());
      button.dispatchEvent('getphonenumber', { detail });
    } else if (type === 'chooseAvatar') {
      button.dispatchEvent('chooseavatar', {
        detail: { avatarUrl: this.picture ?? 'wxfile://tmp_chosen.png' },
      });
    } else {
      button.dispatchEvent('tap');
    }
  }

  async tap(selector) {
    await this.press(selector);
    await this.settle();
  }

  async type(selector, value) {
    this.find(selector).dispatchEvent('input', { detail: { value } });
    await this.settle();
  }

  /** What the phone button hands over. */
  async phoneNumber() {
    const who = { appid: 'mini', user: this.person };
    if (this.refusesPhone) return { errMsg: 'getPhoneNumber:fail user deny' };
    if (this.refusesPrivacy) return { errMsg: 'getPhoneNumber:fail privacy permission is not authorized' };
    if (this.oldPhoneButton) {
      const data = { phoneNumber: '13800138000', purePhoneNumber: '13800138000', countryCode: '86' };
      const sealed = await this.world.control('encrypted-data', { ...who, data });
      return { errMsg: 'getPhoneNumber:ok', encryptedData: sealed.encryptedData, iv: sealed.iv };
    }
    return { errMsg: 'getPhoneNumber:ok', code: (await this.world.control('phone-code', who)).code };
  }
}
