import { fireEvent, render, screen } from '@testing-library/react';
import { expect, test, vi } from 'vitest';
import { WeChatLogin, WeirProvider } from '../src/index.js';
import {
  ANDROID_WECHAT,
  browseWith,
  CREATED,
  json,
  pass,
  qr,
  refused,
  SESSION,
  Server,
  Stream,
} from './fake.js';

const START = 'POST /api/wechat/qr-login';
const COLLECT = `GET /api/wechat/qr-login/${SESSION}`;
const AUTHORIZE = 'GET /api/wechat/authorize-url';
const EXCHANGE = 'POST /auth/wechat';
const news = (status: string) => ({ session_id: SESSION, status, expires_at: qr.expires_at });

const Login = (props: { onLogin?: (login: { token: string }) => void }) => (
  <WeirProvider language="en">
    <WeChatLogin {...props} />
  </WeirProvider>
);
const BEGUN = JSON.stringify({ states: ['ours', 'weirs'], verifier: 'secret' });
/** This page has begun a sign-in at WeChat's. */
const begun = () => sessionStorage.setItem('weir.state', BEGUN);
const click = () => fireEvent.click(screen.getByRole('button', { name: 'Sign in with WeChat' }));

/** Presses, and waits for the digest, which the browser reckons by itself. */
async function beginAtWeChat(server: Server) {
  click();
  await vi.waitFor(() => expect(server.to(AUTHORIZE)).toHaveLength(1));
  await pass();
}

test('other browsers are shown a code, and get the token once it is confirmed', async () => {
  const stream = new Stream();
  const server = new Server()
    .on(START, () => json({ success: true, data: { ...qr, poll_token: 'poll' } }))
    .on(`${COLLECT}/events`, (request) => stream.answer(request))
    .on(COLLECT, () =>
      json({ success: true, data: { ...news('confirmed'), token: 'jwt', expires_in: 604800, user_id: 106 } }),
    );
  const onLogin = vi.fn();
  render(<Login onLogin={onLogin} />);
  click();
  await pass();
  expect(screen.getByRole('status').textContent).toBe('Scan with WeChat to sign in');
  stream.write(`id: 1\nevent: status\ndata: ${JSON.stringify(news('confirmed'))}\n\n`);
  await pass();
  expect(server.to(COLLECT)).toHaveLength(1);
  expect(server.to(COLLECT)[0]?.headers.get('X-Poll-Token')).toBe('poll');
  expect(server.to(`${COLLECT}/events`)[0]?.headers.get('X-Poll-Token')).toBe('poll');
  expect(onLogin).toHaveBeenCalledOnce();
  expect(onLogin.mock.calls[0]?.[0]).toMatchObject({ token: 'jwt', user_id: 106 });
  expect(localStorage.getItem('authToken')).toBe('jwt');
  expect(screen.getByText('Signed in.')).toBeTruthy();
});

test("WeChat's browser is sent to WeChat's page", async () => {
  browseWith(ANDROID_WECHAT);
  history.replaceState(null, '', '/account?tab=1');
  // An address that differs in its fragment only, because jsdom goes nowhere else.
  const url = `${location.href}#to-wechat`;
  const server = new Server().on(AUTHORIZE, () => json({ code: 200, data: { url, state: 'ours' } }));
  render(<Login />);
  await beginAtWeChat(server);
  const query = new URL(server.to(AUTHORIZE)[0]?.url ?? '').searchParams;
  expect(query.get('redirect')).toBe(`${location.origin}/account?tab=1`);
  expect(query.get('scope')).toBeNull();
  expect(location.hash).toBe('#to-wechat');
  const { states, verifier } = JSON.parse(sessionStorage.getItem('weir.state') ?? '');
  expect(states).toEqual([query.get('state'), 'ours']);
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier));
  const text = btoa(String.fromCharCode(...new Uint8Array(digest)));
  expect(query.get('code_challenge')).toBe(text.replaceAll('+', '-').replaceAll('/', '_').replace('=', ''));
  expect(server.to(AUTHORIZE)[0]?.url).not.toContain(verifier);
  expect(server.to(START)).toHaveLength(0);
});

test.each([
  ['WeChat', 'weirs'],
  ['Weir, which stands between', 'ours'],
])('back from %s, the code is exchanged and taken out of the address', async (_from, state) => {
  browseWith(ANDROID_WECHAT);
  begun();
  history.replaceState(null, '', `/account?tab=1&code=c0de&state=${state}`);
  const user = { id: 1, openid: 'o', nickname: 'Alice', avatar: '' };
  const server = new Server().on(EXCHANGE, () =>
    json({ code: 200, data: { token: 'jwt', expires_in: 604800, user } }),
  );
  const onLogin = vi.fn();
  render(<Login onLogin={onLogin} />);
  await pass();
  expect(await server.to(EXCHANGE)[0]?.json()).toEqual({ code: 'c0de', state, code_verifier: 'secret' });
  expect(location.search).toBe('?tab=1');
  expect(onLogin.mock.calls[0]?.[0]).toMatchObject({ token: 'jwt', user });
});

test.each([
  ['of ours', BEGUN],
  ['of nobody', null],
  ['of somebody else', 'not ours'],
])('a state of somebody else is left where it is, beside one %s', async (_whose, kept) => {
  browseWith(ANDROID_WECHAT);
  if (kept) sessionStorage.setItem('weir.state', kept);
  history.replaceState(null, '', '/account?code=c0de&state=theirs');
  const server = new Server();
  render(<Login />);
  await pass();
  expect(server.calls).toHaveLength(0);
  expect(location.search).toBe('?code=c0de&state=theirs');
  expect(sessionStorage.getItem('weir.state')).toBe(kept);
});

test('a refused exchange is told, and can be begun again', async () => {
  browseWith(ANDROID_WECHAT);
  begun();
  history.replaceState(null, '', '/?code=c0de&state=ours');
  new Server().on(EXCHANGE, () => json({ code: 400, msg: 'invalid code', data: null }, 400));
  render(<Login />);
  await pass();
  expect(screen.getByRole('alert').textContent).toBe('invalid code');
  expect(screen.getByRole('button', { name: 'Sign in with WeChat' })).toHaveProperty('disabled', false);
});

test('a code that cannot be made says why', async () => {
  new Server().on(START, () => refused(429, 'Too many', { 'Retry-After': '3' }));
  render(<Login />);
  click();
  await pass();
  expect(screen.getByRole('alert').textContent).toBe('Too many tries. Wait 3 s.');
});

test('whoever does not agree comes back to the button, and to an address without a state', async () => {
  browseWith(ANDROID_WECHAT);
  for (const way of ['state=weirs', 'error=access_denied&state=ours']) {
    begun();
    history.replaceState(null, '', `/account?tab=1&${way}`);
    const server = new Server();
    const { unmount } = render(<Login />);
    await pass();
    expect([server.calls.length, location.search, sessionStorage.length]).toEqual([0, '?tab=1', 0]);
    expect(screen.getByRole('button', { name: 'Sign in with WeChat' })).toHaveProperty('disabled', false);
    unmount();
  }
});

test("back by the browser's button, the sign-in can be begun again", async () => {
  browseWith(ANDROID_WECHAT);
  const url = `${location.href}#to-wechat`;
  const server = new Server().on(AUTHORIZE, () => json({ code: 200, data: { url, state: 'weirs' } }));
  render(<Login />);
  await beginAtWeChat(server);
  expect(screen.getByRole('button')).toHaveProperty('disabled', true);
  fireEvent(window, new PageTransitionEvent('pageshow', { persisted: true }));
  expect(screen.getByRole('button')).toHaveProperty('disabled', false);
});

test.each([
  ['without HTTPS, a page is known by a cookie', undefined, 'include'],
  ['else it needs none', crypto.subtle, 'same-origin'],
] as const)('%s', async (_name, subtle, credentials) => {
  browseWith(ANDROID_WECHAT);
  vi.stubGlobal('crypto', { getRandomValues: crypto.getRandomValues.bind(crypto), subtle });
  const server = new Server().on(AUTHORIZE, () =>
    json({ code: 200, data: { url: `${location.href}#to`, state: 'weirs' } }),
  );
  render(
    <WeirProvider base="https://weir.test" language="en">
      <WeChatLogin />
    </WeirProvider>,
  );
  await beginAtWeChat(server);
  expect(server.to(AUTHORIZE)[0]?.credentials).toBe(credentials);
  expect(new URL(server.to(AUTHORIZE)[0]?.url ?? '').searchParams.has('code_challenge')).toBe(!!subtle);
});

/** A sign-in by QR code up to the confirmation on the phone. */
async function confirmed(server: Server) {
  const stream = new Stream();
  const onLogin = vi.fn();
  server
    .on(START, () => json({ success: true, data: { ...qr, poll_token: 'poll' } }))
    .on(`${COLLECT}/events`, (request) => stream.answer(request));
  render(<Login onLogin={onLogin} />);
  click();
  await pass();
  stream.write(`id: 1\nevent: status\ndata: ${JSON.stringify(news('confirmed'))}\n\n`);
  await pass();
  return onLogin;
}

test('nobody is told to be signed in before the token is here, which is asked for again', async () => {
  const server = new Server();
  const onLogin = await confirmed(server);
  expect(screen.queryByText('Signed in.')).toBeNull();
  server.on(COLLECT, () =>
    json({ success: true, data: { ...news('confirmed'), token: 'jwt', expires_in: 1 } }),
  );
  await pass(2_000);
  expect(screen.getByText('Signed in.')).toBeTruthy();
  expect(onLogin).toHaveBeenCalledOnce();
});

test('a token that was lost on its way leads to a new code', async () => {
  const server = new Server().on(COLLECT, () => json({ success: true, data: news('confirmed') }));
  const onLogin = await confirmed(server);
  expect(screen.getByRole('alert').textContent).toContain(
    'This code does not exist any more. Get a new one.',
  );
  expect(screen.queryByText('Signed in.')).toBeNull();
  expect(screen.getByRole('button', { name: 'Get a new code' })).toBeTruthy();
  expect(onLogin).not.toHaveBeenCalled();
});

test("a sign-in's code counts down by the server's times, or not at all", async () => {
  // The browser's clock is hours off.
  vi.setSystemTime('2025-10-24T17:00:00Z');
  const stream = new Stream();
  new Server()
    .on(START, () => json({ success: true, data: { ...qr, poll_token: 'poll' } }))
    .on(`${COLLECT}/events`, (request) => stream.answer(request));
  render(<Login />);
  click();
  await pass();
  expect(screen.queryByRole('timer')).toBeNull();
  stream.write(`id: 1\ndata: ${JSON.stringify({ ...news('pending'), created_at: CREATED })}\n\n`);
  await pass();
  expect(screen.getByRole('timer').textContent).toBe('Good for 5:00');
});

test('a browser that keeps its storage from the page signs in all the same', async () => {
  vi.stubGlobal('localStorage', {
    getItem: () => {
      throw new DOMException('denied', 'SecurityError');
    },
    setItem: () => {
      throw new DOMException('denied', 'SecurityError');
    },
    clear: () => {},
  });
  const server = new Server().on(COLLECT, () =>
    json({ success: true, data: { ...news('confirmed'), token: 'jwt', expires_in: 1 } }),
  );
  expect(await confirmed(server)).toHaveBeenCalledOnce();
});
