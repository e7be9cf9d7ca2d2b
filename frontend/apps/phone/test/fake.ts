import { act } from '@testing-library/react';
import { vi } from 'vitest';
import type { App, Message, Person } from '../src/sim';

export function person(id: string, given: Partial<Person> = {}): Person {
  const rest = { avatar: '', phone: null, unionid: 'o', openids: {}, snapshot: false, risky: false };
  return { id, name: `name-${id}`, nickname: id.toUpperCase(), ...rest, ...given };
}

export const app: App = {
  appid: 'wx1',
  name: 'mini',
  kind: 'mini_program',
  templates: [
    { id: 'T1', title: 'Progress', kind: 'one_time', fields: ['thing1', 'time2'] },
    { id: 'T2', title: 'News', kind: 'long_term', fields: ['thing1'] },
  ],
};

export function message(msgid: number, given: Partial<Message> = {}): Message {
  const data = { time2: { value: '12:00' }, thing1: { value: `message ${msgid}` } };
  return { appid: 'wx1', template_id: 'T1', data, page: null, msgid, at: Date.now(), ...given };
}

type Answer = object | ((signal: AbortSignal) => Promise<Response>);

/** A simulator that answers what it was told to, and remembers what it was asked. */
export class Simulator {
  readonly asked: { path: string; query: URLSearchParams; body: unknown }[] = [];
  people = [person('u1'), person('u2')];
  inbox: Record<string, Message[]> = {};
  /** How far its clock is ahead. */
  ahead = 0;
  isDown = false;
  /** What it says instead, by path. */
  readonly answers: Record<string, Answer> = {};

  constructor() {
    vi.stubGlobal('fetch', (input: string | URL, init?: RequestInit) => this.answer(input, init));
  }

  private async answer(input: string | URL, init?: RequestInit): Promise<Response> {
    const { pathname: path, searchParams: query } = new URL(input, location.href);
    const body = init?.body ? JSON.parse(String(init.body)) : undefined;
    this.asked.push({ path, query, body });
    if (this.isDown) throw new TypeError('nobody listens');
    const known: Record<string, Answer> = {
      '/_sim/users': { users: this.people },
      '/_sim/apps': { apps: [app] },
      '/_sim/clock': { now_ms: Date.now() + this.ahead },
      '/_sim/inbox': { messages: this.inbox[query.get('user') ?? ''] ?? [] },
      '/_sim/subscriptions': { subscriptions: [] },
      '/_sim/subscribe': {},
    };
    const answer = this.answers[path] ?? known[path];
    if (typeof answer === 'function') return answer(init?.signal ?? new AbortController().signal);
    const refused = (answer as { status?: number } | undefined)?.status;
    return Response.json(answer ?? { error: `${path} is not known` }, {
      status: refused ?? (answer ? 200 : 404),
    });
  }

  /** The bodies of what was sent to a path. */
  sent(path: string): unknown[] {
    return this.asked.filter((one) => one.path === path && one.body !== undefined).map(({ body }) => body);
  }
}

/** Lets time go by, and everything that was waiting for it happen. */
export async function pass(ms = 0): Promise<void> {
  await act(async () => {
    await vi.advanceTimersByTimeAsync(ms);
    for (let turn = 0; turn < 5; turn += 1) await vi.advanceTimersByTimeAsync(0);
  });
}
