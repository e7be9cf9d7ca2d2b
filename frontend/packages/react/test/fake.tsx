import { act } from '@testing-library/react';
import type { ReactNode } from 'react';
import { vi } from 'vitest';
import { WeirProvider } from '../src/index.js';

export const BASE = 'https://weir.test';
export const SESSION = '3d3f1c0e-7b1a-4a51-9d4e-0c7f5a3f2b11';
export const CREATED = '2025-10-24T20:25:00Z';
export const EXPIRES = '2025-10-24T20:30:00Z';

export const MAKE = 'POST /api/wechat/generate-qr';
export const STATUS = `GET /api/wechat/status/${SESSION}`;
export const EVENTS = `${STATUS}/events`;

export const qr = { session_id: SESSION, qr_code_data: 'aGVsbG8=', expires_at: EXPIRES };
export const binding = {
  id: 1,
  user_id: 106,
  wechat_openid: 'o-alice',
  wechat_unionid: null,
  nickname: 'Alice',
  avatar_url: null,
  is_active: true,
  created_at: CREATED,
  updated_at: CREATED,
};

export const status = (state: string) => ({ ...qr, user_id: 106, status: state, created_at: CREATED });

export const json = (body: unknown, code = 200, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), {
    status: code,
    headers: { 'Content-Type': 'application/json', ...headers },
  });
export const success = (data: unknown) => json({ success: true, data });
export const refused = (code: number, message: string, headers = {}) =>
  json({ success: false, message }, code, headers);

/** An event stream that the test writes. */
export class Stream {
  #pen?: ReadableStreamDefaultController<Uint8Array>;

  answer(request: Request): Response {
    const body = new ReadableStream<Uint8Array>({
      start: (pen) => {
        this.#pen = pen;
      },
    });
    request.signal.addEventListener('abort', () => {
      try {
        this.#pen?.error(new DOMException('gone', 'AbortError'));
      } catch {
        // It was over already.
      }
    });
    return new Response(body, { headers: { 'Content-Type': 'text/event-stream' } });
  }
  write(text: string): void {
    this.#pen?.enqueue(new TextEncoder().encode(text));
  }
  event(id: number, state: string): void {
    this.write(`id: ${id}\nevent: status\ndata: ${JSON.stringify(status(state))}\n\n`);
  }
  end(): void {
    this.#pen?.close();
  }
}

type Route = (request: Request) => Response | Promise<Response>;

/** Weir, as far as the test says. What it does not say is a server that cannot be reached. */
export class Server {
  readonly calls: Request[] = [];
  #routes = new Map<string, Route>();

  constructor() {
    vi.stubGlobal('fetch', async (request: Request) => {
      this.calls.push(request.clone());
      const route = this.#routes.get(`${request.method} ${new URL(request.url).pathname}`);
      if (!route) throw new TypeError('Failed to fetch');
      return route(request);
    });
  }
  on(call: string, route: Route): this {
    this.#routes.set(call, route);
    return this;
  }
  /** What was asked of one path, in order. */
  to(call: string): Request[] {
    return this.calls.filter((request) => `${request.method} ${new URL(request.url).pathname}` === call);
  }
}

export function Wrapper({ children }: { children: ReactNode }) {
  return (
    <WeirProvider base={`${BASE}/`} token="host-token" language="en">
      {children}
    </WeirProvider>
  );
}

/** Lets time go by, and everything that was waiting for it come to rest. */
export async function pass(ms = 0): Promise<void> {
  await act(async () => {
    await vi.advanceTimersByTimeAsync(ms);
    for (let turn = 0; turn < 5; turn += 1) await vi.advanceTimersByTimeAsync(0);
  });
}

export function browseWith(agent: string): void {
  vi.spyOn(navigator, 'userAgent', 'get').mockReturnValue(agent);
}
export const ANDROID_WECHAT = 'Mozilla/5.0 (Linux; Android 14) Mobile Safari/537.36 MicroMessenger/8.0.50';
export const IOS_WECHAT =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Mobile/15E148 MicroMessenger/8.0.50';
