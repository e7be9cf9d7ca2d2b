import { act, fireEvent, render, renderHook, screen } from '@testing-library/react';
import { type ReactNode, StrictMode, useState } from 'react';
import { expect, test } from 'vitest';
import {
  useWeChatBinding,
  useWeChatQR,
  WeChatQRGenerator,
  WeChatSettings,
  WeirProvider,
} from '../src/index.js';
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
} from './fake.js';

const GET = 'GET /api/wechat/binding';
const UNBIND = 'DELETE /api/wechat/unbind';
const unbound = () => json({ success: true, data: null, message: 'No WeChat account bound' });

/** A host token; `issue` makes it another one of the same user. */
const tokenOf = (user: number, issue = 1) =>
  `e30.${btoa(JSON.stringify({ sub: String(user), user_id: user, iat: issue }))}.c2ln`;
const [ALICE, ALICE_LATER, BOB] = [tokenOf(106), tokenOf(106, 2), tokenOf(107)];

const wrapper = ({ children }: { children: ReactNode }) => (
  <WeirProvider language="en">{children}</WeirProvider>
);

/** Tells at each drawing whose account shows. */
function Account({ see }: { see(name?: string): void }) {
  const { binding: bound } = useWeChatBinding();
  return <i ref={() => see(bound?.nickname)} />;
}

/** Unbinds at a press, and says what there is to say. */
function Unbinder() {
  const { unbindWeChat, error, binding: bound } = useWeChatBinding();
  return (
    <button type="button" onClick={() => unbindWeChat().catch(() => {})}>
      {error ?? bound?.nickname ?? 'nothing'}
    </button>
  );
}

/** Alice has an account bound and Bob has none. */
function serve() {
  const stream = new Stream();
  const server = new Server()
    .on(GET, (request) =>
      request.headers.get('Authorization')?.includes(BOB.slice(4)) ? unbound() : success(binding),
    )
    .on(MAKE, () => success(qr))
    .on(EVENTS, (request) => stream.answer(request));
  return { server, stream };
}

/** The ways in which a page tells whose it is now. */
const WAYS = {
  'a text': (token: string, children: ReactNode) => (
    <WeirProvider token={token} language="en">
      {children}
    </WeirProvider>
  ),
  'a function': (token: string, children: ReactNode) => (
    <WeirProvider token={() => token} language="en">
      {children}
    </WeirProvider>
  ),
  'a function that takes its time': (token: string, children: ReactNode) => (
    <WeirProvider token={async () => token} language="en">
      {children}
    </WeirProvider>
  ),
};

test.each(Object.entries(WAYS))(
  'with another token (%s) nothing of the last user shows',
  async (way, page) => {
    // What takes its time is not asked for at each rendering.
    const notice = way === 'a function that takes its time' ? 2_000 : 0;
    const { server } = serve();
    const { rerender } = render(page(ALICE, <WeChatSettings />));
    await pass();
    fireEvent.click(screen.getByRole('button', { name: 'Unbind' }));
    expect(screen.getByText('Alice')).toBeTruthy();
    rerender(page(BOB, <WeChatSettings />));
    await pass(notice);
    expect(screen.queryByText('Alice')).toBeNull();
    expect(screen.queryByRole('group')).toBeNull();
    expect(screen.getByText('No WeChat account is bound.')).toBeTruthy();

    // Neither is Bob's code left to Alice, nor a word of what was done.
    fireEvent.click(screen.getByRole('button', { name: 'Bind WeChat' }));
    await pass();
    expect(screen.getByRole('img')).toBeTruthy();
    rerender(page(ALICE, <WeChatSettings />));
    await pass(notice);
    expect(screen.queryByRole('img')).toBeNull();
    expect(server.to(EVENTS)[0]?.signal.aborted).toBe(true);
    fireEvent.click(screen.getByRole('button', { name: 'Unbind' }));
    server.on(UNBIND, () => json({ success: true, message: 'ok' }));
    fireEvent.click(screen.getByRole('button', { name: 'Yes, unbind' }));
    await pass();
    expect(screen.getByText('WeChat account unbound.')).toBeTruthy();
    rerender(page(BOB, <WeChatSettings />));
    await pass(notice);
    expect(screen.queryByText('WeChat account unbound.')).toBeNull();
  },
);

test.each([
  ['a text', WAYS['a text']],
  ['a function', WAYS['a function']],
])('a token at hand (%s) is looked at before anything is drawn', async (_way, page) => {
  serve();
  const seen: (string | undefined)[] = [];
  const see = (name?: string) => seen.push(name);
  const { rerender } = render(page(ALICE, <Account see={see} />));
  await pass();
  // What is on the page when the browser may draw: after the rendering, before anything that waits.
  act(() => rerender(page(BOB, <Account see={see} />)));
  expect(seen.at(-1)).toBeUndefined();
});

test.each(Object.entries(WAYS))(
  'a new token of the same user (%s) changes nothing on the page',
  async (_way, page) => {
    const { server, stream } = serve();
    server.on(GET, unbound);
    const { rerender } = render(page(ALICE, <WeChatSettings />));
    await pass();
    fireEvent.click(screen.getByRole('button', { name: 'Bind WeChat' }));
    await pass();
    rerender(page(ALICE_LATER, <WeChatSettings />));
    await pass();
    expect(screen.getByRole('img')).toBeTruthy();
    expect(server.to(EVENTS)[0]?.signal.aborted).toBe(false);
    server.on(GET, () => success(binding));
    stream.event(1, 'confirmed');
    await pass();
    expect(screen.getByText('Alice')).toBeTruthy();
    expect(server.to(GET).at(-1)?.headers.get('Authorization')).toBe(`Bearer ${ALICE_LATER}`);
  },
);

test('somebody else who signed in in another tab is noticed', async () => {
  serve();
  localStorage.setItem('authToken', ALICE);
  render(<WeChatSettings />, { wrapper });
  await pass();
  expect(screen.getByText('Alice')).toBeTruthy();
  localStorage.setItem('authToken', BOB);
  fireEvent(window, new StorageEvent('storage', { key: 'authToken' }));
  expect(screen.queryByText('Alice')).toBeNull();
  await pass();
  localStorage.setItem('authToken', ALICE);
  fireEvent(document, new Event('visibilitychange'));
  await pass();
  expect(screen.getByText('Alice')).toBeTruthy();
});

test('a page that is entered again does not begin with what somebody else saw on it', async () => {
  serve();
  const seen: (string | undefined)[] = [];
  const see = (name?: string) => seen.push(name);
  const page = (isThere: boolean) => (
    <WeirProvider language="en">{isThere && <Account see={see} />}</WeirProvider>
  );
  localStorage.setItem('authToken', ALICE);
  const { rerender } = render(page(true));
  await pass();
  expect(seen.at(-1)).toBe('Alice');
  rerender(page(false));
  localStorage.setItem('authToken', BOB);
  seen.length = 0;
  rerender(page(true));
  await pass();
  expect(new Set(seen)).toEqual(new Set([undefined]));
});

test('what was asked for by one user says nothing to another', async () => {
  let fail: (answer: Response) => void = () => {};
  const { server } = serve();
  const page = WAYS['a function'];
  const { rerender } = render(page(BOB, <Unbinder />));
  await pass();
  server.on(UNBIND, () => new Promise((resolve) => (fail = resolve)));
  fireEvent.click(screen.getByRole('button'));
  rerender(page(ALICE, <Unbinder />));
  await pass();
  fail(refused(503, 'busy'));
  await pass();
  expect(screen.getByRole('button').textContent).toBe('Alice');
});

test('a slow answer to an older question does not replace a newer one', async () => {
  const answers: ((answer: Response) => void)[] = [];
  const server = new Server().on(GET, () => new Promise((resolve) => answers.push(resolve)));
  const { result } = renderHook(() => useWeChatBinding(), { wrapper });
  await pass();
  const asked = [result.current.getBinding(), result.current.getBinding()];
  await pass();
  answers[2]?.(success(binding));
  await pass();
  answers[1]?.(unbound());
  answers[0]?.(refused(500, 'late'));
  await pass();
  await Promise.all(asked);
  expect(result.current).toMatchObject({ binding: { nickname: 'Alice' }, error: null, loading: false });
  expect(server.to(GET)).toHaveLength(3);
});

test('unbinding asked for twice is done once', async () => {
  const server = new Server().on(GET, () => success(binding)).on(UNBIND, () => json({ success: true }));
  const { result } = renderHook(() => useWeChatBinding(), { wrapper });
  await pass();
  await act(() => Promise.all([result.current.unbindWeChat(), result.current.unbindWeChat()]));
  expect(server.to(UNBIND)).toHaveLength(1);
  expect(result.current).toMatchObject({ binding: null, error: null });
});

test('what another tab has unbound is unbound', async () => {
  new Server()
    .on(GET, () => success(binding))
    .on(UNBIND, () => refused(404, 'No WeChat account bound to this user'));
  const { result } = renderHook(() => useWeChatBinding(), { wrapper });
  await pass();
  await expect(act(() => result.current.unbindWeChat())).resolves.toBe(true);
  expect(result.current).toMatchObject({ binding: null, error: null });
});

test('a token that cannot be had is told, and does not load for ever', async () => {
  new Server();
  const tokenless = ({ children }: { children: ReactNode }) => (
    <WeirProvider language="en" token={() => Promise.reject(new Error('no session'))}>
      {children}
    </WeirProvider>
  );
  const { result } = renderHook(() => useWeChatBinding(), { wrapper: tokenless });
  await pass();
  expect(result.current).toMatchObject({ loading: false, error: 'no session' });
});

test('a strict page asks once for all who show the binding, and follows one code', async () => {
  const { server, stream } = serve();
  const strict = ({ children }: { children: ReactNode }) => <StrictMode>{wrapper({ children })}</StrictMode>;
  const both = () => [useWeChatBinding(), useWeChatBinding(), useWeChatQR()] as const;
  const { result } = renderHook(both, { wrapper: strict });
  await pass();
  expect(server.to(GET).length).toBeLessThanOrEqual(2);
  await act(() => result.current[2].generateQR());
  await pass();
  stream.event(1, 'scanned');
  await pass();
  expect(result.current[2].qrStatus?.status).toBe('scanned');
  expect(server.to(EVENTS)).toHaveLength(1);
});

test('a code that was asked for by a page that is gone is not followed', async () => {
  let made: (answer: Response) => void = () => {};
  const { server } = serve();
  server.on(MAKE, () => new Promise((resolve) => (made = resolve)));
  const { result, unmount } = renderHook(() => useWeChatQR(), { wrapper });
  const { generateQR } = result.current;
  const first = generateQR();
  await pass();
  unmount();
  made(success(qr));
  await expect(first).resolves.toEqual(qr);
  const second = generateQR();
  await pass();
  made(success(qr));
  await expect(second).resolves.toEqual(qr);
  await pass(10_000);
  expect(server.to(EVENTS)).toHaveLength(0);
});

test('two codes on one page have each its own news', async () => {
  const { server } = serve();
  const sessions = ['11111111-7b1a-4a51-9d4e-0c7f5a3f2b11', '22222222-7b1a-4a51-9d4e-0c7f5a3f2b11'];
  const streams = sessions.map((id) => {
    const stream = new Stream();
    server.on(`GET /api/wechat/status/${id}/events`, (request) => stream.answer(request));
    return stream;
  });
  const next = [...sessions];
  server.on(MAKE, () => success({ ...qr, session_id: next.shift() }));
  render(
    <WeirProvider language="en">
      <WeChatQRGenerator />
      <WeChatQRGenerator />
    </WeirProvider>,
  );
  for (const button of screen.getAllByRole('button')) fireEvent.click(button);
  await pass();
  streams[1]?.event(1, 'scanned');
  await pass();
  expect(screen.getAllByRole('status').map(({ textContent }) => textContent)).toEqual([
    'Scan with WeChat to bind your account',
    'Scanned. Confirm on your phone.',
  ]);
});

test('a provider whose properties are new at each rendering asks no more than another', async () => {
  const { server } = serve();
  const page = () => WAYS['a function'](ALICE, <WeChatSettings />);
  const { rerender } = render(page());
  await pass();
  const before = server.calls.length;
  for (let time = 0; time < 20; time += 1) rerender(page());
  await pass();
  expect(server.calls).toHaveLength(before);
});

/** A host whose asking for a token makes it render anew, as libraries for sign-in do. */
function Restless({ asked }: { asked(): void }) {
  const [, setCount] = useState(0);
  const token = async () => {
    asked();
    await null;
    setCount((count) => count + 1);
    return ALICE;
  };
  return WAYS['a function that takes its time'](ALICE, <WeirProvider token={token}>{null}</WeirProvider>);
}

test('a host that renders anew for each token is not asked for ever more of them', async () => {
  serve();
  let count = 0;
  render(
    <Restless
      asked={() => {
        count += 1;
      }}
    />,
  );
  await pass(10_000);
  expect(count).toBeLessThan(10);
});

test('a slow answer about a code says nothing about the next one, nor what is known better', async () => {
  const answers: ((answer: Response) => void)[] = [];
  const { server, stream } = serve();
  server.on(STATUS, () => new Promise((resolve) => answers.push(resolve)));
  const { result } = renderHook(() => useWeChatQR(), { wrapper });
  await act(() => result.current.generateQR());
  const asked = [result.current.checkQRStatus(SESSION), result.current.checkQRStatus(SESSION)];
  await pass();
  stream.event(1, 'scanned');
  await pass();
  answers[0]?.(success(status('pending')));
  await pass();
  expect(result.current.qrStatus?.status).toBe('scanned');
  await act(() => result.current.generateQR());
  answers[1]?.(success(status('expired')));
  await pass();
  await Promise.all(asked);
  expect(result.current).toMatchObject({ qrStatus: null, loading: false });
});
