import { useCallback, useEffect, useRef, useState } from 'react';
import { inWeChat, onPhone } from './agent.js';
import { CodeView, Trouble } from './CodeView.js';
import type { Listener, LoginNews, LoginQR } from './client.js';
import { sentence } from './failure.js';
import { useWeir } from './provider.js';
import type { WeChatLoginResult } from './types.js';
import { useCode } from './useCode.js';

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
  const told = useRef(onLogin);
  told.current = onLogin;
  const finish = useCallback(
    (login: WeChatLoginResult) => {
      keep(login.token);
      setDone(true);
      // Somebody else may be here now; a failure is shown where the binding is.
      store.load().catch(() => {});
      told.current?.(login);
    },
    [keep, store],
  );
  const isRedirect = mode === 'redirect' || (mode === 'auto' && inWeChat());
  return (
    <div className="weir weir-login" lang={tag}>
      {done ? (
        <p className="weir-saying" role="status">
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

interface Part {
  finish(login: WeChatLoginResult): void;
}

function ByCode({ finish }: Part) {
  const { client, words } = useWeir();
  const make = useCallback(() => client.startLogin(), [client]);
  const follow = useCallback(
    (qr: LoginQR, listener: Listener<LoginNews & Partial<WeChatLoginResult>>) => {
      const collect = async (news: LoginNews & Partial<WeChatLoginResult>) => {
        // News of a stream have no token: it is fetched, once.
        const login = news.token ? news : await client.collectLogin(qr);
        if (login.token && !listener.signal.aborted) finish(login as WeChatLoginResult);
      };
      let collecting: Promise<void> | undefined;
      const tell = (news: LoginNews & Partial<WeChatLoginResult>) => {
        listener.tell(news);
        if (news.status === 'confirmed') collecting = collect(news);
      };
      return client.watchLogin(qr, { ...listener, tell }).then(() => collecting);
    },
    [client, finish],
  );
  const { session, news, loading, error, generate } = useCode<LoginQR, LoginNews>(make, follow);
  const begin = () => {
    generate().catch(() => {
      // It is shown as `error`.
    });
  };
  return (
    <>
      {session ? (
        <CodeView
          session={session}
          status={news?.status ?? 'pending'}
          invitation={words.scanToLogin}
          done={words.loggedIn}
          loading={loading}
          onRefresh={begin}
        />
      ) : (
        <button type="button" className="weir-button" onClick={begin} disabled={loading}>
          {loading ? words.working : words.login}
        </button>
      )}
      {onPhone() && <p className="weir-quiet">{words.samePhone}</p>}
      <Trouble error={error} {...(session && { onRetry: begin })} />
    </>
  );
}

const STATE_KEY = 'weir.state';

/** The code and state that WeChat sent us back with, once; a state of another's making is left where it is. */
function takeAnswer(): { code: string; state: string } | null {
  const address = new URL(location.href);
  const { searchParams: query } = address;
  const [code, state] = [query.get('code'), query.get('state')];
  if (!code || !state || state !== sessionStorage.getItem(STATE_KEY)) return null;
  sessionStorage.removeItem(STATE_KEY);
  query.delete('code');
  query.delete('state');
  // A code works once: it must not be in the address when the page is loaded again or shared.
  history.replaceState(history.state, '', address);
  return { code, state };
}

/** This page, as WeChat may send the browser back to it. */
function thisPage(): string {
  const address = new URL(location.href);
  address.hash = '';
  address.searchParams.delete('code');
  address.searchParams.delete('state');
  return address.href;
}

function ByRedirect({
  redirect,
  app,
  finish,
}: Part & { redirect?: string | undefined; app?: string | undefined }) {
  const { client, words } = useWeir();
  const [loading, setLoading] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);

  useEffect(() => {
    const answer = takeAnswer();
    if (!answer) return;
    setLoading(true);
    client
      .exchange(answer.code, answer.state)
      .then(finish, setFailure)
      .finally(() => setLoading(false));
  }, [client, finish]);

  const begin = async () => {
    setLoading(true);
    setFailure(null);
    try {
      // Other browsers are shown WeChat's QR code, which is for website apps.
      const scope = inWeChat() ? undefined : 'snsapi_login';
      const to = await client.authorizeUrl(redirect ?? thisPage(), scope, app ?? (scope && 'website'));
      sessionStorage.setItem(STATE_KEY, to.state);
      location.assign(to.url);
    } catch (failed) {
      setFailure(failed);
      setLoading(false);
    }
  };
  return (
    <>
      <button type="button" className="weir-button" onClick={begin} disabled={loading}>
        {loading ? words.working : words.login}
      </button>
      <Trouble error={failure === null ? null : sentence(failure, words)} />
    </>
  );
}
