import { createApi } from '@weir/api';
import { type Answer, settle, WeirError } from './failure.js';
import { recall } from './storage.js';
import type { QRSession, QRState, QRStatus, WeChatBinding, WeChatData, WeChatLoginResult } from './types.js';
import { watch } from './watch.js';

export type Token = string | null | undefined;
export type TokenSource = () => Token | Promise<Token>;

export interface LoginQR extends QRSession {
  poll_token: string;
}

export interface LoginNews {
  session_id: string;
  status: QRState;
  expires_at: string;
  created_at?: string;
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

export const storedToken = () => recall('localStorage', TOKEN_KEY);

const isEnd = ({ status }: { status: QRState }) => status === 'confirmed' || status === 'expired';

/** The server says `null` for what it does not know, the published types leave it out. */
function known<T>(from: object): T {
  return Object.fromEntries(Object.entries(from).filter(([, value]) => value !== null)) as T;
}

type StreamCall = Promise<{ data?: unknown; error?: unknown; response: Response }>;

export type WeirClient = ReturnType<typeof createClient>;

/** What ties a sign-in to the page that began it: the secret behind a challenge (RFC 7636), or else a cookie. */
export interface SignInTie {
  redirect: string;
  scope?: string | undefined;
  app?: string | undefined;
  /** The page's own, which it gets back where Weir stands between it and WeChat. */
  state: string;
  challenge: string | undefined;
}

/** For the developer: browsers tell a page nothing of why another origin does not answer. */
function silence(base: string): string {
  const isElsewhere =
    typeof location !== 'undefined' && new URL(base, location.href).origin !== location.origin;
  if (!isElsewhere) return 'No answer';
  return `No answer from ${base}: does it run, and does its CORS_ORIGIN name ${location.origin}?`;
}

/** The calls that the hooks make. `base` is Weir's address, empty for the page's own origin. */
export function createClient(base: string, token: TokenSource) {
  const api = createApi({ base: base.replace(/\/+$/, ''), token });
  const settled = <T>(call: Promise<Answer<T>>) => settle(call, () => silence(base));

  /** What is in the envelope. */
  async function data<T>(call: Promise<Answer<{ data?: T }>>): Promise<T> {
    const answer = await settled(call);
    if (answer?.data === undefined) throw new WeirError(502, 'The answer has no data');
    return answer.data;
  }
  // Without a challenge a sign-in is tied to the browser by a cookie.
  const cookies = (challenge: string | undefined) =>
    base && challenge === undefined ? { credentials: 'include' as const } : {};

  async function stream(call: StreamCall) {
    const answer = await call;
    const body = await settled(Promise.resolve(answer));
    if (answer.response.status === 204) return null;
    const kind = answer.response.headers.get('Content-Type') ?? '';
    if (!body || !kind.startsWith('text/event-stream')) throw new WeirError(502, 'No event stream');
    return body as ReadableStream<Uint8Array>;
  }
  /** Follows what becomes of a code; a stream goes on after the last event that was seen. */
  function follow<T extends { status: QRState }>(
    listener: Listener<T>,
    open: (
      resume: { 'Last-Event-ID'?: string },
      how: { parseAs: 'stream'; signal: AbortSignal },
    ) => StreamCall,
    poll: (signal: AbortSignal) => Promise<T>,
  ): Promise<void> {
    return watch<T>({
      ...listener,
      isEnd,
      open: (last, signal) =>
        stream(open(last === undefined ? {} : { 'Last-Event-ID': last }, { parseAs: 'stream', signal })),
      poll,
    });
  }

  const client = {
    token,

    async generateQR(): Promise<QRSession> {
      return data(api.POST('/api/wechat/generate-qr'));
    },

    async qrStatus(sessionId: string, signal?: AbortSignal): Promise<QRStatus> {
      const path = { session_id: sessionId };
      const init = { params: { path }, ...(signal && { signal }) };
      return (await data(api.GET('/api/wechat/status/{session_id}', init))) as QRStatus;
    },

    watchQR(sessionId: string, listener: Listener<QRStatus>): Promise<void> {
      const path = { session_id: sessionId };
      return follow(
        listener,
        (header, how) =>
          api.GET('/api/wechat/status/{session_id}/events', { params: { path, header }, ...how }),
        (signal) => client.qrStatus(sessionId, signal),
      );
    },

    async binding(): Promise<WeChatBinding | null> {
      const bound = await data(api.GET('/api/wechat/binding'));
      return bound ? known(bound) : null;
    },

    async bind(body: WeChatData): Promise<WeChatBinding> {
      return known(await data(api.POST('/api/wechat/bind', { body })));
    },

    async unbind(): Promise<void> {
      await settled(api.DELETE('/api/wechat/unbind'));
    },

    async startLogin(): Promise<LoginQR> {
      return data(api.POST('/api/wechat/qr-login'));
    },

    /** The token is given once, in the first answer after the confirmation. */
    async collectLogin(qr: LoginQR, signal?: AbortSignal): Promise<LoginNews & Partial<WeChatLoginResult>> {
      const params = { path: { session_id: qr.session_id }, header: { 'X-Poll-Token': qr.poll_token } };
      const init = { params, ...(signal && { signal }) };
      return known(await data(api.GET('/api/wechat/qr-login/{session_id}', init)));
    },

    watchLogin(qr: LoginQR, listener: Listener<LoginNews & Partial<WeChatLoginResult>>): Promise<void> {
      const path = { session_id: qr.session_id };
      const poll = { 'X-Poll-Token': qr.poll_token };
      return follow(
        listener,
        (resume, how) =>
          api.GET('/api/wechat/qr-login/{session_id}/events', {
            params: { path, header: { ...poll, ...resume } },
            ...how,
          }),
        (signal) => client.collectLogin(qr, signal),
      );
    },

    async authorizeUrl(tie: SignInTie): Promise<{ url: string; state: string }> {
      const { redirect, scope, app, state, challenge } = tie;
      const query = {
        redirect,
        state,
        ...(scope && { scope }),
        ...(app && { app }),
        ...(challenge && { code_challenge: challenge }),
      };
      return data(api.GET('/api/wechat/authorize-url', { params: { query }, ...cookies(challenge) }));
    },

    async exchange(code: string, state: string, verifier: string | undefined): Promise<WeChatLoginResult> {
      const body = { code, state, ...(verifier && { code_verifier: verifier }) };
      return data(api.POST('/auth/wechat', { body, ...cookies(verifier) }));
    },

    async jsconfig(url: string, app?: string): Promise<JsConfig> {
      const query = { url, ...(app && { app }) };
      return data(api.GET('/wechat/jsconfig', { params: { query } }));
    },
  };
  return client;
}
