import { fireEvent, render, screen } from '@testing-library/react';
import { expect, test, vi } from 'vitest';
import { WeChatLogin, WeirProvider } from '../src/index.js';
import { ANDROID_WECHAT, browseWith, json, pass, qr, refused, SESSION, Server, Stream } from './fake.js';

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
const click = () => fireEvent.click(screen.getByRole('button', { name: 'Sign in with WeChat' }));

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
  click();
  await pass();
  const query = new URL(server.to(AUTHORIZE)[0]?.url ?? '').searchParams;
  expect(query.get('redirect')).toBe(`${location.origin}/account?tab=1`);
  expect(query.get('scope')).toBeNull();
  expect(location.hash).toBe('#to-wechat');
  expect(sessionStorage.getItem('weir.state')).toBe('ours');
  expect(server.to(START)).toHaveLength(0);
});

test('back from WeChat, the code is exchanged and taken out of the address', async () => {
  browseWith(ANDROID_WECHAT);
  sessionStorage.setItem('weir.state', 'ours');
  history.replaceState(null, '', '/account?tab=1&code=c0de&state=ours');
  const user = { id: 1, openid: 'o', nickname: 'Alice', avatar: '' };
  const server = new Server().on(EXCHANGE, () =>
    json({ code: 200, data: { token: 'jwt', expires_in: 604800, user } }),
  );
  const onLogin = vi.fn();
  render(<Login onLogin={onLogin} />);
  await pass();
  expect(await server.to(EXCHANGE)[0]?.json()).toEqual({ code: 'c0de', state: 'ours' });
  expect(location.search).toBe('?tab=1');
  expect(onLogin.mock.calls[0]?.[0]).toMatchObject({ token: 'jwt', user });
});

test.each(['ours', null])('a state of somebody else is left where it is (ours: %s)', async (ours) => {
  browseWith(ANDROID_WECHAT);
  if (ours) sessionStorage.setItem('weir.state', ours);
  history.replaceState(null, '', '/account?code=c0de&state=theirs');
  const server = new Server();
  render(<Login />);
  await pass();
  expect(server.calls).toHaveLength(0);
  expect(location.search).toBe('?code=c0de&state=theirs');
  expect(sessionStorage.getItem('weir.state')).toBe(ours);
});

test('a refused exchange is told, and can be begun again', async () => {
  browseWith(ANDROID_WECHAT);
  sessionStorage.setItem('weir.state', 'ours');
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
