import { useEffect, useState } from 'react';
import { inIosWeChat, inWeChat } from './agent.js';
import type { WeirClient } from './client.js';
import { sentence } from './failure.js';
import { useWeir } from './provider.js';
import type { WeChatShareData } from './types.js';

interface ShareCall extends WeChatShareData {
  success?(): void;
  fail?(answer: { errMsg: string }): void;
}

/** The part of WeChat's `wx` that is used here. */
export interface Wx {
  config(options: object): void;
  ready(done: () => void): void;
  error(failed: (answer: { errMsg: string }) => void): void;
  updateAppMessageShareData(options: ShareCall): void;
  updateTimelineShareData(options: ShareCall): void;
}

export interface WeChatShareOptions {
  /** The official account, by name or appid, where there are several. */
  app?: string;
  /** More of the JS-SDK's functions to ask for. */
  jsApiList?: readonly string[];
}

export interface UseWeChatShare {
  /** Whether WeChat has taken the share data. Never in other browsers, where nothing is done. */
  ready: boolean;
  error: string | null;
  /** WeChat's `wx`, once it is configured. */
  wx: Wx | null;
}

const here = () => location.href.split('#')[0] ?? '';

/** The address that this page was entered by, before the router changed it. */
const landing = typeof location === 'undefined' ? '' : here();

const SHARING = ['updateAppMessageShareData', 'updateTimelineShareData'] as const;

let script: Promise<Wx> | undefined;
/** One configuration at a time: `wx` has one state for the page. */
let last: { key: string; done: Promise<Wx> } | undefined;

/** What the next friend sees who is sent this page. Works in WeChat's browser, and is quiet in all others. */
export function useWeChatShare(share: WeChatShareData, options: WeChatShareOptions = {}): UseWeChatShare {
  const { client, jweixin, words } = useWeir();
  const [wx, setWx] = useState<Wx | null>(null);
  const [ready, setReady] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const { title, desc, link, imgUrl } = share;
  const { app } = options;
  const apis = [...new Set([...SHARING, ...(options.jsApiList ?? [])])].join();

  useEffect(() => {
    if (!inWeChat()) return;
    let gone = false;
    setReady(false);
    setFailure(null);
    const data = { title, desc: desc ?? '', link: link ?? here(), imgUrl: imgUrl ?? '' };
    configured(client, jweixin, apis, app)
      .then((wx) => Promise.all(SHARING.map((name) => set(wx, name, data))).then(() => wx))
      .then(
        (wx) => {
          if (gone) return;
          setWx(wx);
          setReady(true);
        },
        (failure: unknown) => !gone && setFailure(failure),
      );
    return () => {
      gone = true;
    };
  }, [client, jweixin, apis, app, title, desc, link, imgUrl]);

  return { ready, error: failure === null ? null : sentence(failure, words), wx };
}

function set(wx: Wx, name: (typeof SHARING)[number], data: WeChatShareData): Promise<void> {
  return new Promise((success, failed) => {
    wx[name]({ ...data, success, fail: ({ errMsg }) => failed(new Error(errMsg)) });
  });
}

/**
 * WeChat on an iPhone checks the signature against the address that the page was entered by, all others against the
 * present one. Where an iPhone thinks otherwise, the present one is tried too.
 */
function configured(client: WeirClient, jweixin: string, apis: string, app?: string): Promise<Wx> {
  const addresses = [...new Set(inIosWeChat() ? [landing, here()] : [here()])];
  const key = [...addresses, jweixin, apis, app].join('\n');
  if (last?.key === key) return last.done;
  const before = last?.done ?? Promise.resolve();
  const done = before
    .catch(() => {
      // Whoever asked for that has been told.
    })
    .then(() => load(jweixin))
    .then(async (wx) => {
      for (const [tried, address] of addresses.entries()) {
        const { appId, timestamp, nonceStr, signature } = await client.jsconfig(address, app);
        try {
          await configure(wx, { appId, timestamp, nonceStr, signature, jsApiList: apis.split(',') });
          return wx;
        } catch (failure) {
          if (tried === addresses.length - 1) throw failure;
        }
      }
      return wx;
    });
  last = { key, done };
  // The next who asks tries again.
  done.catch(() => {
    if (last?.done === done) last = undefined;
  });
  return done;
}

function configure(wx: Wx, options: object): Promise<void> {
  return new Promise((resolve, reject) => {
    wx.config(options);
    wx.ready(resolve);
    wx.error(({ errMsg }) => reject(new Error(errMsg)));
  });
}

function load(address: string): Promise<Wx> {
  script ??= new Promise<Wx>((resolve, reject) => {
    const present = (window as { wx?: Wx }).wx;
    if (present?.config) return resolve(present);
    const tag = document.createElement('script');
    tag.src = address;
    tag.onload = () => {
      const { wx } = window as { wx?: Wx };
      if (wx) resolve(wx);
      else reject(new Error(`${address} brought no wx`));
    };
    tag.onerror = () => {
      script = undefined;
      tag.remove();
      reject(new Error(`${address} cannot be loaded`));
    };
    document.head.append(tag);
  });
  return script;
}
