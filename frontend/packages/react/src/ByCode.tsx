import { useCallback } from 'react';
import { onPhone } from './agent.js';
import { CodePanel } from './CodePanel.js';
import type { Listener, LoginNews, LoginQR, WeirClient } from './client.js';
import { WeirError } from './failure.js';
import { useBrowser, useWeir } from './provider.js';
import type { WeChatLoginResult } from './types.js';
import { useCode } from './useCode.js';
import { sleep } from './watch.js';

type Collected = LoginNews & Partial<WeChatLoginResult>;

const TRIES = 4;
const AGAIN_MS = 2_000;

/** The token, which is given once: a request that did not get through is sent again. */
async function collect(client: WeirClient, qr: LoginQR, signal: AbortSignal): Promise<Collected> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await client.collectLogin(qr, signal);
    } catch (failure) {
      if (tries === TRIES || !(failure instanceof WeirError) || failure.isFinal) throw failure;
      await sleep(AGAIN_MS, signal);
    }
  }
}

/** Sign-in by a QR code. */
export function ByCode({ finish }: { finish(login: WeChatLoginResult): void }) {
  const { client, words } = useWeir();
  const isPhone = useBrowser(onPhone, false);
  const make = useCallback(() => client.startLogin(), [client]);
  const follow = useCallback(
    async (qr: LoginQR, listener: Listener<LoginNews>) => {
      let confirmed: Collected | undefined;
      const tell = (news: Collected) => {
        // Nobody is signed in before the token is here.
        if (news.status === 'confirmed') confirmed = news;
        else listener.tell(news);
      };
      await client.watchLogin(qr, { ...listener, tell });
      if (!confirmed) return;
      try {
        // News of a stream have no token.
        const login = confirmed.token ? confirmed : await collect(client, qr, listener.signal);
        // An answer that was lost on its way had the token.
        if (!login.token) throw new WeirError(410, 'QR session not found');
        if (!listener.signal.aborted) finish(login as WeChatLoginResult);
      } catch (failure) {
        listener.tell({ ...confirmed, status: 'expired' });
        throw failure;
      }
    },
    [client, finish],
  );
  const { session, news, loading, error, generate } = useCode<LoginQR, LoginNews>(client, make, follow);
  return (
    <CodePanel
      session={session}
      news={news}
      label={words.login}
      invitation={words.scanToLogin}
      done={words.loggedIn}
      loading={loading}
      error={error}
      generate={generate}
    >
      {isPhone && <p className="weir-quiet">{words.samePhone}</p>}
    </CodePanel>
  );
}
