import { renderHook } from '@testing-library/react';
import { beforeEach, expect, test, vi } from 'vitest';
import { ANDROID_WECHAT, browseWith, IOS_WECHAT, json, pass, Server } from './fake.js';

const CONFIG = 'GET /wechat/jsconfig';
const share = { title: 'Our page', desc: 'Look', imgUrl: 'https://site.test/a.png' };

/** WeChat's script, which takes the signature of some addresses only. */
class FakeWx {
  readonly configured: { signature: string; jsApiList: string[] }[] = [];
  readonly shared: { title: string; link: string }[] = [];

  constructor(private readonly isGood: (address: string) => boolean = () => true) {
    vi.stubGlobal('wx', this);
  }
  get #good() {
    return this.isGood(this.configured.at(-1)?.signature ?? '');
  }
  config(options: { signature: string; jsApiList: string[] }) {
    this.configured.push(options);
  }
  ready(done: () => void) {
    if (this.#good) done();
  }
  error(failed: (answer: { errMsg: string }) => void) {
    if (!this.#good) failed({ errMsg: 'config:invalid signature' });
  }
  updateAppMessageShareData(data: { title: string; link: string; success(): void }) {
    this.shared.push(data);
    data.success();
  }
  updateTimelineShareData(data: { title: string; link: string; success(): void }) {
    this.updateAppMessageShareData(data);
  }
}

/** The signature is the address that was signed. */
const serve = () =>
  new Server().on(CONFIG, (request) => {
    const signature = new URL(request.url).searchParams.get('url');
    return json({ code: 200, data: { appId: 'wx2', timestamp: 1, nonceStr: 'n'.repeat(16), signature } });
  });

/** The page is entered at one address, then its router shows another. */
async function shareAt(landing: string, now: string) {
  history.replaceState(null, '', landing);
  const { useWeChatShare } = await import('../src/index.js');
  history.replaceState(null, '', now);
  const view = renderHook(({ title }) => useWeChatShare({ ...share, title }), {
    initialProps: { title: share.title },
  });
  await pass();
  return view;
}

const here = (path: string) => location.origin + path;

beforeEach(() => vi.resetModules());

test('other browsers are left alone', async () => {
  const [server, wx] = [serve(), new FakeWx()];
  const { result } = await shareAt('/', '/');
  expect(result.current).toEqual({ ready: false, error: null, wx: null });
  expect([server.calls.length, wx.configured.length]).toEqual([0, 0]);
});

test('Android signs the present address, without its fragment', async () => {
  browseWith(ANDROID_WECHAT);
  serve();
  const wx = new FakeWx();
  const { result, rerender } = await shareAt('/in?a=1', '/page?b=2#part');
  expect(wx.configured.map(({ signature }) => signature)).toEqual([here('/page?b=2')]);
  expect(wx.configured[0]?.jsApiList).toEqual(['updateAppMessageShareData', 'updateTimelineShareData']);
  expect(wx.shared).toHaveLength(2);
  expect(wx.shared[0]).toMatchObject({ title: 'Our page', desc: 'Look', link: here('/page?b=2') });
  expect(result.current).toMatchObject({ ready: true, error: null });
  rerender({ title: 'Another' });
  await pass();
  expect(wx.shared.at(-1)?.title).toBe('Another');
  expect(wx.configured).toHaveLength(1);
});

test('an iPhone signs the address that the page was entered by', async () => {
  browseWith(IOS_WECHAT);
  serve();
  const wx = new FakeWx((address) => address === here('/in?a=1'));
  const { result } = await shareAt('/in?a=1', '/page');
  expect(wx.configured.map(({ signature }) => signature)).toEqual([here('/in?a=1')]);
  expect(wx.shared[0]?.link).toBe(here('/page'));
  expect(result.current.ready).toBe(true);
});

test('an iPhone that thinks otherwise is given the present address', async () => {
  browseWith(IOS_WECHAT);
  serve();
  const wx = new FakeWx((address) => address === here('/page'));
  const { result } = await shareAt('/in', '/page');
  expect(wx.configured.map(({ signature }) => signature)).toEqual([here('/in'), here('/page')]);
  expect(result.current.ready).toBe(true);
});

test('the refusals of WeChat and of Weir are told', async () => {
  browseWith(ANDROID_WECHAT);
  const server = serve();
  new FakeWx(() => false);
  const { result, rerender } = await shareAt('/', '/');
  expect(result.current).toMatchObject({ ready: false, error: 'config:invalid signature', wx: null });
  server.on(CONFIG, () => json({ code: 403, msg: 'not one of our domains', data: null }, 403));
  rerender({ title: 'Again' });
  await pass();
  expect(result.current.error).toBe('not one of our domains');
});
