import { useCallback, useRef, useState } from 'react';
import { inWeChat } from './agent.js';
import { ByCode } from './ByCode.js';
import { ByRedirect } from './ByRedirect.js';
import { useKeptFocus } from './focus.js';
import { useBrowser, useWeir } from './provider.js';
import type { WeChatLoginResult } from './types.js';

export interface WeChatLoginProps {
  /** `auto` sends WeChat's own browser to WeChat's page and shows all others a QR code. */
  mode?: 'auto' | 'qr' | 'redirect';
  /** The page that WeChat sends the browser back to; this one by default. It must be one that Weir knows. */
  redirect?: string;
  /** The app, by name or appid, where there are several. */
  app?: string;
  /** Told the user token. Where the page keeps its token in `localStorage.authToken`, it is there already. */
  onLogin?: (login: WeChatLoginResult) => void;
}

/** Signs somebody in: by a QR code, if their WeChat account is bound, or in WeChat's own browser. */
export function WeChatLogin({ mode = 'auto', redirect, app, onLogin }: WeChatLoginProps) {
  const { words, tag, store, keep } = useWeir();
  const [done, setDone] = useState(false);
  const focus = useKeptFocus<HTMLDivElement>();
  const told = useRef(onLogin);
  told.current = onLogin;
  const finish = useCallback(
    (login: WeChatLoginResult) => {
      keep(login.token);
      setDone(true);
      // Somebody else may be here now.
      store.recheck();
      told.current?.(login);
    },
    [keep, store],
  );
  const isWeChat = useBrowser(inWeChat, false);
  const isRedirect = mode === 'redirect' || (mode === 'auto' && isWeChat);
  return (
    <div className="weir weir-login" lang={tag} {...focus}>
      {done ? (
        <p className="weir-saying" role="status" tabIndex={-1}>
          {words.loggedIn}
        </p>
      ) : isRedirect ? (
        <ByRedirect redirect={redirect} app={app} finish={finish} />
      ) : (
        <ByCode finish={finish} />
      )}
    </div>
  );
}
