import { act, fireEvent, render, renderHook, screen } from '@testing-library/react';
import type { ReactNode } from 'react';
import { hydrateRoot } from 'react-dom/client';
import { renderToString } from 'react-dom/server';
import { expect, test, vi } from 'vitest';
import {
  type Language,
  useWeChatBinding,
  useWeChatQR,
  useWeChatShare,
  WeChatLogin,
  WeChatQRGenerator,
  WeChatSettings,
  WeChatStatus,
  WeirProvider,
} from '../src/index.js';
import {
  ANDROID_WECHAT,
  binding,
  browseWith,
  EVENTS,
  json,
  MAKE,
  pass,
  qr,
  refused,
  Server,
  STATUS,
  Stream,
  status,
  success,
  Wrapper,
} from './fake.js';

const GET = 'GET /api/wechat/binding';
const UNBIND = 'DELETE /api/wechat/unbind';
const unbound = () => json({ success: true, data: null });
const html = (code: number) => () =>
  new Response('<html>Bad Gateway</html>', { status: code, headers: { 'Content-Type': 'text/html' } });

async function made(server: Server, events: (request: Request) => Response) {
  server.on(MAKE, () => success(qr)).on(EVENTS, events);
  const view = renderHook(() => useWeChatQR(), { wrapper: Wrapper });
  await act(() => view.result.current.generateQR());
  await pass();
  return view.result;
}

test('half an event that a proxy lets go of is no stream', async () => {
  const [server, stream] = [new Server(), new Stream()];
  const result = await made(server, (request) => stream.answer(request));
  stream.write(`id: 1\nevent: status\ndata: ${JSON.stringify(status('pending')).slice(0, 50)}`);
  server.on(STATUS, () => success(status('scanned')));
  await pass(4_000);
  expect(result.current.qrStatus?.status).toBe('scanned');
});

test('a stream that a proxy begins to keep is noticed, and the state asked for every two seconds', async () => {
  const server = new Server();
  const streams: Stream[] = [];
  const result = await made(server, (request) => {
    const stream = new Stream();
    streams.push(stream);
    return stream.answer(request);
  });
  streams[0]?.event(1, 'pending');
  await pass();
  server.on(STATUS, () => success(status('scanned')));
  await pass(20_000);
  expect(result.current.qrStatus?.status).toBe('scanned');
  await pass(21_000);
  expect(streams).toHaveLength(2);
  const asked = server.to(STATUS).length;
  server.on(STATUS, () => success(status('confirmed')));
  await pass(3_000);
  expect(server.to(STATUS).length).toBeGreaterThan(asked);
  expect(result.current.qrStatus?.status).toBe('confirmed');
});

test('the end is the end, though the line stays open', async () => {
  const [server, stream] = [new Server(), new Stream()];
  await made(server, (request) => stream.answer(request));
  stream.event(1, 'expired');
  await pass();
  expect(server.to(EVENTS)[0]?.signal.aborted).toBe(true);
  await pass(60_000);
  expect(server.calls.length).toBe(2);
});

/** A code on the page that nobody has scanned yet. */
async function watched(): Promise<Server> {
  const [server, stream] = [new Server(), new Stream()];
  server.on(MAKE, () => success(qr)).on(EVENTS, (request) => stream.answer(request));
  render(<WeChatQRGenerator />, { wrapper: Wrapper });
  fireEvent.click(screen.getByRole('button'));
  await pass();
  stream.event(1, 'pending');
  await pass();
  return server;
}

test('a page that slept for an hour asks what became of its code', async () => {
  const server = await watched();
  // Nothing runs while the computer sleeps; then all timers are due.
  vi.setSystemTime(Date.now() + 3_600_000);
  server.on(STATUS, () => success(status('expired'))).on(EVENTS, () => new Response(null, { status: 204 }));
  await pass(21_000);
  expect(screen.getByRole('status').textContent).toBe('This code is no longer good.');
  expect(screen.getByRole('button', { name: 'Get a new code' })).toBeTruthy();
});

test('a clock that is set back gives a code no more time', async () => {
  await watched();
  vi.setSystemTime(Date.now() - 7_200_000);
  await pass(1_000);
  expect(screen.getByRole('timer').textContent).toBe('Good for 5:00');
});

test('to wait for longer than timers can is not to wait not at all', async () => {
  const server = new Server().on(STATUS, () => refused(429, 'Too many', { 'Retry-After': '9999999' }));
  await made(server, html(502));
  await pass(10_000);
  expect(server.to(STATUS)).toHaveLength(1);
});

const UNAVAILABLE = 'This does not work right now. Try again in a moment.';

test.each([
  ['a page of a proxy', html(502), UNAVAILABLE],
  ['a page in place of an answer', html(200), UNAVAILABLE],
  ['nothing', () => new Response(null, { status: 204 }), UNAVAILABLE],
  ['null', () => json(null), UNAVAILABLE],
  ['an answer without data', () => json({ success: true }), UNAVAILABLE],
  ['an error without words', () => new Response('', { status: 500 }), UNAVAILABLE],
  ['a page that forbids', html(401), 'You are signed out. Sign in again, then come back.'],
  ['a page that is busy', html(429), 'Too many tries. Wait 60 s.'],
])('%s is told in words that help', async (_what, answer, told) => {
  new Server().on(MAKE, answer).on(GET, answer);
  const { result } = renderHook(() => [useWeChatQR(), useWeChatBinding()] as const, { wrapper: Wrapper });
  await pass();
  await act(() => result.current[0].generateQR().catch(() => {}));
  expect(result.current.map(({ error }) => error)).toEqual([told, told]);
  expect(result.current.map(({ loading }) => loading)).toEqual([false, false]);
});

test('a developer is told what no answer of another origin may mean', async () => {
  new Server();
  const { result } = renderHook(() => useWeChatQR(), { wrapper: Wrapper });
  const failure = await act(() => result.current.generateQR().catch((thrown) => thrown));
  expect(failure).toMatchObject({
    status: 0,
    message: `No answer from https://weir.test/: does it run, and does its CORS_ORIGIN name ${location.origin}?`,
    cause: new TypeError('Failed to fetch'),
  });
});

test('the focus stays where a pressed button was', async () => {
  const [server, stream] = [new Server(), new Stream()];
  server.on(MAKE, () => success(qr)).on(EVENTS, (request) => stream.answer(request));
  server.on(GET, unbound).on(UNBIND, () => json({ success: true }));
  render(<WeChatSettings />, { wrapper: Wrapper });
  await pass();
  const press = async (name: string) => {
    const button = screen.getByRole('button', { name });
    button.focus();
    fireEvent.click(button);
    await pass();
  };
  const focused = () => document.activeElement?.textContent;
  await press('Bind WeChat');
  expect(focused()).toBe('Scan with WeChat to bind your account');
  stream.event(1, 'expired');
  await pass();
  await press('Get a new code');
  expect(focused()).toBe('Scan with WeChat to bind your account');
  server.on(GET, () => success(binding));
  stream.event(2, 'confirmed');
  await pass();
  expect(focused()).toBe('Unbind');
  await press('Unbind');
  await press('Keep it');
  expect(focused()).toBe('Unbind');
  await press('Unbind');
  await press('Yes, unbind');
  expect(focused()).toBe('No WeChat account is bound.');
});

test('the focus that somebody has elsewhere is not taken', async () => {
  new Server().on(GET, unbound);
  render(
    <>
      <input aria-label="mine" />
      <WeChatSettings />
    </>,
    { wrapper: Wrapper },
  );
  await pass();
  fireEvent.click(screen.getByRole('button'));
  const mine = screen.getByRole('textbox');
  mine.focus();
  await pass();
  expect(document.activeElement).toBe(mine);
});

const ALL = ({ language }: { language?: Language }) => {
  const { ready } = useWeChatShare({ title: 'Page' });
  return (
    <WeirProvider {...(language && { language })}>
      <WeChatSettings />
      <WeChatQRGenerator />
      <WeChatStatus />
      <WeChatLogin />
      {String(ready)}
    </WeirProvider>
  );
};

test('what a server draws a browser takes over, whichever browser it is', async () => {
  new Server().on(GET, unbound);
  const languages = vi.spyOn(navigator, 'languages', 'get').mockReturnValue(['en']);
  const agent = vi.spyOn(navigator, 'userAgent', 'get').mockReturnValue('Node.js/22');
  const drawn = renderToString(<ALL />);
  expect(drawn).toContain('Sign in with WeChat');
  languages.mockReturnValue(['zh-CN']);
  agent.mockReturnValue(ANDROID_WECHAT);
  const root = document.createElement('div');
  root.innerHTML = drawn;
  document.body.append(root);
  const complaints: unknown[] = [];
  const told = vi.spyOn(console, 'error').mockImplementation((...said) => complaints.push(said));
  const view = await act(async () =>
    hydrateRoot(root, <ALL />, { onRecoverableError: (failure) => complaints.push(failure) }),
  );
  await pass();
  expect(complaints).toEqual([]);
  expect(root.textContent).toContain('微信登录');
  await act(async () => view.unmount());
  root.remove();
  told.mockRestore();
});

test('a language that is none of ours is answered in English', async () => {
  new Server().on(GET, unbound);
  const wrapper = ({ children }: { children: ReactNode }) => (
    <WeirProvider language={'de-AT' as Language}>{children}</WeirProvider>
  );
  render(<WeChatSettings />, { wrapper });
  await pass();
  expect(screen.getByRole('button', { name: 'Bind WeChat' })).toBeTruthy();
});

test('on a phone that is not in WeChat, it is said how to go on', async () => {
  browseWith('Mozilla/5.0 (Linux; Android 14) Mobile Safari/537.36');
  render(<WeChatLogin />, { wrapper: Wrapper });
  expect(screen.getByText('On this phone? Open this page in WeChat to sign in.')).toBeTruthy();
});
