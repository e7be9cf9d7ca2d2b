/** The simulator's control interface, as far as a phone needs it. */

export interface Person {
  id: string;
  name: string;
  nickname: string;
  /** An address, WeChat's unless one was given; empty for none. */
  avatar: string;
  phone: string | null;
  unionid: string | null;
  openids: Record<string, string>;
  snapshot: boolean;
  risky: boolean;
}

export interface Template {
  id: string;
  title: string;
  kind: 'one_time' | 'long_term';
  /** Names of its fields, in the order of the card. */
  fields: string[];
}

export interface App {
  appid: string;
  name: string;
  kind: 'mini_program' | 'official_account' | 'website';
  templates: Template[];
  push?: unknown;
}

export interface Message {
  appid: string;
  template_id: string;
  data: Record<string, { value?: unknown } | undefined>;
  page: string | null;
  url?: string;
  msgid: number;
  at: number;
}

/** How a person stands to a template. */
export interface Standing {
  appid: string;
  template_id: string;
  credits: number;
  allowed: boolean;
  banned: boolean;
}

/** Nobody answered. */
export class Down extends Error {
  override readonly name = 'Down';
}

/** The browser does not find the names under which pages are shown, as Safari. */
export class NoViews extends Error {
  override readonly name = 'NoViews';
}

/** The simulator has refused, in its own words. */
export class Refused extends Error {
  override readonly name = 'Refused';
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

/** Whoever takes longer is not there: what is shown would be long out of date. */
const LONGEST = 10_000;

async function call<T>(path: string, body?: object): Promise<T> {
  const init: RequestInit = { cache: 'no-store', signal: AbortSignal.timeout(LONGEST) };
  if (body) Object.assign(init, { method: 'POST', body: JSON.stringify(body) });
  const answer = await fetch(path, init).catch(() => {
    throw new Down();
  });
  const said = (await answer.json().catch(() => null)) as (T & { error?: string }) | null;
  if (said === null || answer.status >= 500) throw new Down();
  if (!answer.ok) throw new Refused(said.error ?? `HTTP ${answer.status}`, answer.status);
  return said;
}

const query = (values: Record<string, string>) => new URLSearchParams(values).toString();

export const people = () => call<{ users: Person[] }>('/_sim/users').then(({ users }) => users);
export const apps = () => call<{ apps: App[] }>('/_sim/apps').then(({ apps }) => apps);

/** What time it is for the simulator, whose clock can be pushed. */
export const now = () => call<{ now_ms: number }>('/_sim/clock').then(({ now_ms }) => now_ms);

/** What can be told of somebody new, or told anew; `null` takes it away. */
export interface Profile {
  id?: string;
  nickname: string;
  phone: string | null;
  avatar?: string | null;
}

export const putPerson = (profile: Profile) => call<Person>('/_sim/users', profile);

export const messages = (user: string) =>
  call<{ messages: Message[] }>(`/_sim/inbox?${query({ user })}`).then(({ messages }) => messages);

export const standings = (user: string) =>
  call<{ subscriptions: Standing[] }>(`/_sim/subscriptions?${query({ user })}`).then(
    ({ subscriptions }) => subscriptions,
  );

export const loginCode = (appid: string, user: string) =>
  call<{ code: string }>('/_sim/login-code', { appid, user }).then(({ code }) => code);

export const phoneCode = (appid: string, user: string) =>
  call<{ code: string }>('/_sim/phone-code', { appid, user }).then(({ code }) => code);

export const answerPrompt = (app: App, user: string, template_id: string, result: 'accept' | 'reject') =>
  call('/_sim/subscribe', { appid: app.appid, user, template_id, result, push: Boolean(app.push) });

/** Where a page is to be opened so that it finds itself on this person's phone, set to this language. */
export const viewOf = (user: string, url: string, lang: string) =>
  call<{ view: string }>(`/_phone/open?${query({ user, url, lang })}`).then(({ view }) => view);

/** Where a page is opened without a view: WeChat's pages then know the person all the same. */
export const tabOf = (user: string, url: string, lang: string) => `/_phone/tab?${query({ user, url, lang })}`;

/** Throws when the browser does not find the views of a simulator that answers. */
export async function findView(view: string): Promise<void> {
  const probe = new URL('/_phone/view.js', view);
  try {
    await fetch(probe, { mode: 'no-cors', cache: 'no-store', signal: AbortSignal.timeout(LONGEST) });
  } catch {
    // It may have ended just now.
    await now();
    throw new NoViews();
  }
}
