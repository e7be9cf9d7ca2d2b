import { act, fireEvent, render, renderHook, screen } from '@testing-library/react';
import { expect, test, vi } from 'vitest';
import { useWeChatBinding, WeChatStatus, WeirError, WeirProvider } from '../src/index.js';
import { binding, json, pass, refused, Server, success, Wrapper } from './fake.js';

const GET = 'GET /api/wechat/binding';
const UNBIND = 'DELETE /api/wechat/unbind';
const unbound = () => json({ success: true, data: null, message: 'No WeChat account bound' });

async function hook() {
  const { result } = renderHook(() => useWeChatBinding(), { wrapper: Wrapper });
  await pass();
  return result;
}

test('the hook has the published shape, and asks with the token', async () => {
  const server = new Server().on(GET, () => success(binding));
  const { result } = renderHook(() => useWeChatBinding(), { wrapper: Wrapper });
  expect(result.current.loading).toBe(true);
  await pass();
  expect(Object.keys(result.current).sort()).toEqual(
    ['bindWeChat', 'binding', 'error', 'getBinding', 'loading', 'unbindWeChat'].sort(),
  );
  expect(result.current).toMatchObject({ loading: false, error: null });
  // The published type leaves out what is not known.
  const { wechat_unionid, avatar_url, ...known } = binding;
  expect([wechat_unionid, avatar_url, result.current.binding]).toEqual([null, null, known]);
  expect(server.to(GET)[0]?.headers.get('Authorization')).toBe('Bearer host-token');
});

test('nothing bound is no error', async () => {
  new Server().on(GET, unbound);
  const result = await hook();
  expect(result.current).toMatchObject({ binding: null, loading: false, error: null });
  await expect(act(() => result.current.getBinding())).resolves.toBeNull();
});

test('bindWeChat sends what was proven and shows the binding', async () => {
  const server = new Server().on(GET, unbound).on('POST /api/wechat/bind', () => success(binding));
  const result = await hook();
  const data = { openid: 'o-alice', nickname: 'Alice' };
  await act(() => result.current.bindWeChat(data));
  expect(await server.to('POST /api/wechat/bind')[0]?.json()).toEqual(data);
  expect(result.current.binding?.wechat_openid).toBe('o-alice');
});

test.each([
  [
    400,
    'This WeChat account is already bound to another user',
    'This WeChat account is already bound to another user.',
  ],
  [400, 'This user already has a WeChat account bound', 'You already have a WeChat account bound.'],
  [401, 'Token expired', 'You are signed out. Sign in again, then come back.'],
  [403, 'This openid is not proven', 'This openid is not proven'],
  [500, 'Internal', 'This does not work right now. Try again in a moment.'],
])('a refusal of %i "%s" is told and thrown', async (code, message, told) => {
  new Server().on(GET, unbound).on('POST /api/wechat/bind', () => refused(code, message));
  const result = await hook();
  const thrown = await act(() => result.current.bindWeChat({ openid: 'o' }).catch((failure) => failure));
  expect(thrown).toBeInstanceOf(WeirError);
  expect(thrown).toMatchObject({ status: code, message });
  expect(result.current).toMatchObject({ binding: null, loading: false, error: told });
});

test('too many tries tell how long to wait; no answer is told as such', async () => {
  const server = new Server().on(GET, () => refused(429, 'Too many', { 'Retry-After': '7' }));
  const result = await hook();
  expect(result.current.error).toBe('Too many tries. Wait 7 s.');
  server.on(GET, () => Promise.reject(new TypeError('Failed to fetch')));
  await act(() => result.current.getBinding().catch(() => null));
  expect(result.current.error).toBe('The server cannot be reached. Check your connection.');
  server.on(GET, () => success(binding));
  await act(() => result.current.getBinding());
  expect(result.current).toMatchObject({ error: null, binding: { id: 1 } });
});

test('what one component unbinds the others no longer show', async () => {
  new Server().on(GET, () => success(binding)).on(UNBIND, () => json({ success: true, message: 'ok' }));
  const both = () => [useWeChatBinding(), useWeChatBinding()] as const;
  const { result } = renderHook(both, { wrapper: Wrapper });
  await pass();
  expect(result.current[1].binding?.id).toBe(1);
  await expect(act(() => result.current[0].unbindWeChat())).resolves.toBe(true);
  expect(result.current[1].binding).toBeNull();
});

test('an answer for the user of before is not shown to the user of now', async () => {
  let slow: (answer: Response) => void = () => {};
  const server = new Server().on(GET, () => new Promise((resolve) => (slow = resolve)));
  let token = 'first';
  const wrapper = ({ children }: { children: React.ReactNode }) => (
    <WeirProvider token={() => token}>{children}</WeirProvider>
  );
  const { result } = renderHook(() => useWeChatBinding(), { wrapper });
  await pass();
  token = 'second';
  server.on(GET, unbound);
  await act(() => result.current.getBinding());
  slow(success(binding));
  await pass();
  expect(result.current.binding).toBeNull();
});

test('unbinding is asked about first', async () => {
  const server = new Server().on(GET, () => success(binding));
  server.on(UNBIND, () => json({ success: true, message: 'WeChat account unbound successfully' }));
  const onUnbind = vi.fn();
  render(<WeChatStatus onUnbind={onUnbind} />, { wrapper: Wrapper });
  await pass();
  expect(screen.getByText('Alice')).toBeTruthy();
  const ask = () => fireEvent.click(screen.getByRole('button', { name: 'Unbind' }));
  ask();
  const no = screen.getByRole('button', { name: 'Keep it' });
  expect(document.activeElement).toBe(no);
  fireEvent.click(no);
  ask();
  fireEvent.keyDown(screen.getByRole('group'), { key: 'Escape' });
  expect(screen.queryByRole('group')).toBeNull();
  expect(server.to(UNBIND)).toHaveLength(0);
  ask();
  fireEvent.click(screen.getByRole('button', { name: 'Yes, unbind' }));
  await pass();
  expect(server.to(UNBIND)).toHaveLength(1);
  expect(onUnbind).toHaveBeenCalledOnce();
  expect(screen.getByText('No WeChat account is bound.')).toBeTruthy();
});

test('an unbinding that failed leaves the account shown and says why', async () => {
  new Server().on(GET, () => success(binding)).on(UNBIND, () => refused(503, 'busy'));
  const onUnbind = vi.fn();
  render(<WeChatStatus onUnbind={onUnbind} />, { wrapper: Wrapper });
  await pass();
  fireEvent.click(screen.getByRole('button', { name: 'Unbind' }));
  fireEvent.click(screen.getByRole('button', { name: 'Yes, unbind' }));
  await pass();
  expect(screen.getByRole('alert').textContent).toContain('This does not work right now.');
  expect(screen.getByText('Alice')).toBeTruthy();
  expect(onUnbind).not.toHaveBeenCalled();
});
