import { createApi } from '@weir/api';
import { settle, WeirError } from './failure.js';
import type { QRSession, QRState, QRStatus, WeChatBinding, WeChatData, WeChatLoginResult } from './types.js';
import { watch } from './watch.js';

export type TokenSource = () => string | null | undefined | Promise<string | null | undefined>;

export interface LoginQR extends QRSession {
  poll_token: string;
}

export interface LoginNews {
  session_id: string;
  status: QRState;
  expires_at: string;
}

/** Told to whoever watches a QR code. */
export interface Listener<T> {
  tell(news: T): void;
  trouble(failure: WeirError | null): void;
  signal: AbortSignal;
}

export interface JsConfig {
  appId: string;
  timestamp: number;
  nonceStr: string;
  signature: string;
}

/** Where the published hooks keep the host's token. */
export const TOKEN_KEY = 'authToken';

export const storedToken: TokenSource = () =>
  typeof localStorage === 'undefined' ? null : localStorage.getItem(TOKEN_KEY);

const isEnd = ({ status }: { status: QRState }) => status === 'confirmed' || status === 'expired';

/** The server says `null` for what it does not know, the published types leave it out. */
function known<T>(from: object): T {
  return Object.fromEntries(Object.entries(from).filter(([, value]) => value !== null)) as T;
}

export type WeirClient = ReturnType<typeof createClient>;

/** The calls that the hooks make. `base` is Weir's address, empty for the page's own origin. */
export function createClient(base: string, token: TokenSource) {
  const api = createApi({ base: base.replace(/\/+$/, ''), token });
  // A login in WeChat's browser is tied to it by a cookie.
  const credentials = base ? ('include' as const) : ('same-origin' as const);

  async function stream(call: Promise<{ data?: unknown; error?: unknown; response: Response }>) {
    const answer = await call;
    const body = await settle(Promise.resolve(answer));
    if (answer.response.status === 204) return null;
    const kind = answer.response.headers.get('Content-Type') ?? '';
    if (!body || !kind.startsWith('text/event-stream')) throw new WeirError(502, 'No event stream');
    return body as ReadableStream<Uint8Array>;
  }
  const resume = (last: string | undefined) => (last === undefined ? {} : { 'Last-Event-ID': last });

  const client = {
    token,

    async generateQR(): Promise<QRSession> {
      return (await settle(api.POST('/api/wechat/generate-qr'))).data;
    },

    async qrStatus(sessionId: string, signal?: AbortSignal): Promise<QRStatus> {
      const path = { session_id: sessionId };
      const init = { params: { path }, ...(signal && { signal }) };
      return (await settle(api.GET('/api/wechat/status/{session_id}', init))).data as QRStatus;
    },

    watchQR(sessionId: string, listener: Listener<QRStatus>): Promise<void> {
      const path = { session_id: sessionId };
      return watch<QRStatus>({
        ...listener,
        isEnd,
        open: (last, signal) =>
          stream(
            api.GET('/api/wechat/status/{session_id}/events', {
              params: { path, header: resume(last) },
              parseAs: 'stream',
              signal,
            }),
          ),
        poll: (signal) => client.qrStatus(sessionId, signal),
      });
    },

    async binding(): Promise<WeChatBinding | null> {
      const { data } = await settle(api.GET('/api/wechat/binding'));
      return data ? known(data) : null;
    },

    async bind(body: WeChatData): Promise<WeChatBinding> {
      return known((await settle(api.POST('/api/wechat/bind', { body }))).data);
    },

    async unbind(): Promise<void> {
      await settle(api.DELETE('/api/wechat/unbind'));
    },

    async startLogin(): Promise<LoginQR> {
      return (await settle(api.POST('/api/wechat/qr-login'))).data;
    },

    /** The token is given once, in the first answer after the confirmation. */
    async collectLogin(qr: LoginQR, signal?: AbortSignal): Promise<LoginNews & Partial<WeChatLoginResult>> {
      const params = { path: { session_id: qr.session_id }, header: { 'X-Poll-Token': qr.poll_token } };
      const init = { params, ...(signal && { signal }) };
      return known((await settle(api.GET('/api/wechat/qr-login/{session_id}', init))).data);
    },

    watchLogin(qr: LoginQR, listener: Listener<LoginNews & Partial<WeChatLoginResult>>): Promise<void> {
      return watch({
        ...listener,
        isEnd,
        open: (last, signal) =>
          stream(
            api.GET('/api/wechat/qr-login/{session_id}/events', {
              params: {
                path: { session_id: qr.session_id },
                header: { 'X-Poll-Token': qr.poll_token, ...resume(last) },
              },
              parseAs: 'stream',
              signal,
            }),
          ),
        poll: (signal) => client.collectLogin(qr, signal),
      });
    },

    async authorizeUrl(
      redirect: string,
      scope?: string,
      app?: string,
    ): Promise<{ url: string; state: string }> {
      const query = { redirect, ...(scope && { scope }), ...(app && { app }) };
      return (await settle(api.GET('/api/wechat/authorize-url', { params: { query }, credentials }))).data;
    },

    async exchange(code: string, state: string): Promise<WeChatLoginResult> {
      return (await settle(api.POST('/auth/wechat', { body: { code, state }, credentials }))).data;
    },

    async jsconfig(url: string, app?: string): Promise<JsConfig> {
      const query = { url, ...(app && { app }) };
      return (await settle(api.GET('/wechat/jsconfig', { params: { query } }))).data;
    },
  };
  return client;
}
