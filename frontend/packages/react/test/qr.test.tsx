import { act, fireEvent, render, renderHook, screen } from '@testing-library/react';
import { expect, test, vi } from 'vitest';
import { useWeChatQR, WeChatQRGenerator, WeChatSettings } from '../src/index.js';
import {
  binding,
  EVENTS,
  json,
  MAKE,
  pass,
  qr,
  refused,
  SESSION,
  Server,
  STATUS,
  Stream,
  status,
  success,
  Wrapper,
} from './fake.js';

function serve() {
  const stream = new Stream();
  const server = new Server()
    .on(MAKE, () => success(qr))
    .on(EVENTS, (request) => stream.answer(request))
    .on('GET /api/wechat/binding', () => success(binding));
  return { server, stream };
}

async function made() {
  const view = renderHook(() => useWeChatQR(), { wrapper: Wrapper });
  await act(() => view.result.current.generateQR());
  await pass();
  return view;
}

test('the hook has the published shape', async () => {
  serve();
  const { result } = renderHook(() => useWeChatQR(), { wrapper: Wrapper });
  expect(Object.keys(result.current).sort()).toEqual(
    ['checkQRStatus', 'error', 'generateQR', 'loading', 'qrSession', 'qrStatus'].sort(),
  );
  expect(result.current).toMatchObject({ qrSession: null, qrStatus: null, loading: false, error: null });
  await expect(act(() => result.current.generateQR())).resolves.toEqual(qr);
  expect(result.current.qrSession).toEqual(qr);
});

test('checkQRStatus asks once and shows the answer', async () => {
  const { server } = serve();
  server.on(STATUS, () => success(status('scanned')));
  const { result } = renderHook(() => useWeChatQR(), { wrapper: Wrapper });
  await expect(act(() => result.current.checkQRStatus(SESSION))).resolves.toEqual(status('scanned'));
  expect(result.current.qrStatus?.status).toBe('scanned');
  server.on(STATUS, () => refused(404, 'QR session not found'));
  await act(() => result.current.checkQRStatus(SESSION).catch(() => null));
  expect(result.current.error).toBe('This code does not exist any more. Get a new one.');
});

test('the stream tells the state, and the token goes in a header only', async () => {
  const { server, stream } = serve();
  const { result } = await made();
  stream.event(1, 'pending');
  await pass();
  expect(result.current.qrStatus?.status).toBe('pending');
  stream.event(2, 'scanned');
  await pass();
  expect(result.current.qrStatus?.status).toBe('scanned');
  stream.event(3, 'confirmed');
  await pass(60_000);
  expect(result.current.qrStatus?.status).toBe('confirmed');
  expect(server.to(EVENTS)).toHaveLength(1);
  expect(server.to(EVENTS)[0]?.headers.get('Authorization')).toBe('Bearer host-token');
  expect(server.to(EVENTS)[0]?.url).not.toContain('token');
  expect(server.to(STATUS)).toHaveLength(0);
});

test('a stream that breaks is resumed after the last event', async () => {
  const { server, stream } = serve();
  await made();
  expect(server.to(EVENTS)[0]?.headers.get('Last-Event-ID')).toBeNull();
  stream.event(41, 'pending');
  await pass();
  stream.end();
  await pass(1_000);
  expect(server.to(EVENTS)).toHaveLength(2);
  expect(server.to(EVENTS)[1]?.headers.get('Last-Event-ID')).toBe('41');
});

test('a stream that falls silent is opened again', async () => {
  const { server, stream } = serve();
  await made();
  stream.event(1, 'pending');
  await pass();
  await pass(19_000);
  stream.write(': still here\n\n');
  await pass(19_000);
  expect(server.to(EVENTS)).toHaveLength(1);
  await pass(2_000);
  expect(server.to(EVENTS)).toHaveLength(2);
});

test.each([
  ['is kept by a proxy', undefined],
  ['is no stream', () => json({ success: true })],
  ['is refused by a proxy', () => new Response('<html>', { status: 502 })],
])('where the stream %s, the state is asked for every two seconds', async (_name, events) => {
  const { server } = serve();
  if (events) server.on(EVENTS, events);
  server.on(STATUS, () => success(status('pending')));
  const { result } = await made();
  await pass(4_000);
  const asked = () => server.to(STATUS).length;
  const first = asked();
  expect(first).toBeGreaterThan(0);
  await pass(1_999);
  await pass(1);
  expect(asked()).toBe(first + 1);
  server.on(STATUS, () => success(status('confirmed')));
  await pass(2_000);
  expect(result.current.qrStatus?.status).toBe('confirmed');
  const last = asked();
  await pass(20_000);
  expect(asked()).toBe(last);
});

test('while the server cannot be asked it is said, and it waits as long as told', async () => {
  const { server } = serve();
  server.on(EVENTS, () => new Response('', { status: 502 }));
  server.on(STATUS, () => refused(429, 'Too many', { 'Retry-After': '10' }));
  const { result } = await made();
  await pass(4_000);
  expect(result.current.error).toBe('Too many tries. Wait 10 s.');
  expect(server.to(STATUS)).toHaveLength(1);
  server.on(STATUS, () => success(status('scanned')));
  await pass(5_000);
  expect(server.to(STATUS)).toHaveLength(1);
  await pass(5_000);
  expect(result.current).toMatchObject({ error: null, qrStatus: { status: 'scanned' } });
});

test('a refusal that will not change ends the asking', async () => {
  const { server } = serve();
  server.on(EVENTS, () => refused(404, 'QR session not found'));
  const { result } = await made();
  await pass(30_000);
  expect(result.current.error).toBe('This code does not exist any more. Get a new one.');
  expect(server.calls.length).toBe(2);
});

test('nobody is asked any more once the component is gone', async () => {
  const { server, stream } = serve();
  const { unmount } = await made();
  stream.event(1, 'pending');
  await pass();
  unmount();
  await pass(60_000);
  expect(server.to(EVENTS)).toHaveLength(1);
  expect(server.to(EVENTS)[0]?.signal.aborted).toBe(true);
});

test("the code counts down by the server's times, ends, and is replaced", async () => {
  // The browser's clock is hours off.
  vi.setSystemTime('2025-10-25T03:00:00Z');
  const { server, stream } = serve();
  const [onQRGenerated, onStatusChange] = [vi.fn(), vi.fn()];
  render(<WeChatQRGenerator onQRGenerated={onQRGenerated} onStatusChange={onStatusChange} />, {
    wrapper: Wrapper,
  });
  fireEvent.click(screen.getByRole('button', { name: 'Bind WeChat' }));
  await pass();
  stream.event(1, 'pending');
  await pass();
  const picture = screen.getByRole('img', { name: 'QR code to scan with WeChat' });
  expect(picture.getAttribute('src')).toBe('data:image/png;base64,aGVsbG8=');
  expect(onQRGenerated).toHaveBeenCalledExactlyOnceWith('aGVsbG8=');
  expect(screen.getByRole('timer').textContent).toBe('Good for 5:00');
  for (let at = 0; at < 299; at += 13) {
    stream.write(':\n\n');
    await pass(13_000);
  }
  expect(screen.getByRole('timer').textContent).toBe('Good for 0:01');
  expect(screen.queryByRole('button')).toBeNull();
  await pass(1_000);
  expect(screen.getByRole('status').textContent).toBe('This code is no longer good.');
  stream.event(2, 'expired');
  await pass();
  expect(onStatusChange.mock.calls).toEqual([['pending'], ['expired']]);
  fireEvent.click(screen.getByRole('button', { name: 'Get a new code' }));
  await pass();
  expect(server.to(MAKE)).toHaveLength(2);
});

test('news of a code that was replaced are not shown', async () => {
  const { server } = serve();
  const other = { ...qr, session_id: 'another' };
  const { result } = await made();
  const late = new Stream();
  server.on(MAKE, () => success(other)).on('GET /api/wechat/status/another/events', (r) => late.answer(r));
  await act(() => result.current.generateQR());
  expect(server.to(EVENTS)[0]?.signal.aborted).toBe(true);
  expect(result.current).toMatchObject({ qrSession: other, qrStatus: null });
});

test('a code that cannot be made says why, and the button is there to try again', async () => {
  new Server().on(MAKE, () => refused(401, 'Missing token'));
  render(<WeChatQRGenerator />, { wrapper: Wrapper });
  fireEvent.click(screen.getByRole('button', { name: 'Bind WeChat' }));
  await pass();
  expect(screen.getByRole('alert').textContent).toBe('You are signed out. Sign in again, then come back.');
  expect(screen.getByRole('button', { name: 'Bind WeChat' })).toHaveProperty('disabled', false);
});

test('the settings show the binding when the phone has confirmed', async () => {
  const { server, stream } = serve();
  server.on('GET /api/wechat/binding', () => json({ success: true, data: null }));
  render(<WeChatSettings />, { wrapper: Wrapper });
  await pass();
  fireEvent.click(screen.getByRole('button', { name: 'Bind WeChat' }));
  await pass();
  server.on('GET /api/wechat/binding', () => success(binding));
  stream.event(1, 'scanned');
  await pass();
  expect(screen.getByText('Scanned. Confirm on your phone.')).toBeTruthy();
  stream.event(2, 'confirmed');
  await pass();
  expect(screen.getByText('Alice')).toBeTruthy();
  expect(screen.getByText('WeChat account bound.')).toBeTruthy();
  expect(screen.queryByRole('img', { name: 'QR code to scan with WeChat' })).toBeNull();
});

test('a code whose phone was lost is replaced without waiting for its end', async () => {
  const { server, stream } = serve();
  render(<WeChatQRGenerator />, { wrapper: Wrapper });
  fireEvent.click(screen.getByRole('button'));
  await pass();
  stream.event(1, 'pending');
  await pass();
  expect(screen.queryByRole('button')).toBeNull();
  stream.event(2, 'scanned');
  await pass();
  fireEvent.click(screen.getByRole('button', { name: 'Get a new code' }));
  await pass();
  expect(server.to(MAKE)).toHaveLength(2);
});
