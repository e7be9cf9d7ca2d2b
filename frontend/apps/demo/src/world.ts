import { begin, type Session } from './session';

export const APP = 'mini';
export const TEMPLATE = 'TMPL_DEMO_ACTION';
/** As the CRM knows the sales person whose phone is shown. */
export const ADVISOR = 'ADV001';
export const CUSTOMER = 'bob';

export interface Person {
  id: string;
  name: string;
  nickname: string;
  openids: Record<string, string>;
}

export interface Lead {
  customerId: string;
  name: string;
  phone: string;
  leadSource: string;
  createdAt: string;
}

export interface Message {
  state: string;
  actionId: string | null;
}

/** What came of an action: the lead, `null` where the phone number makes none. */
export interface Acted {
  actionId: string;
  customerCreated: boolean;
  customer: Lead | null;
}

/** A refusal in the words of whoever refused. */
export class Refused extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

async function call<T>(
  address: string,
  asked: RequestInit & { bearer?: string; body?: string } = {},
): Promise<T> {
  const { bearer, ...init } = asked;
  const headers: Record<string, string> = {};
  if (bearer) headers.Authorization = `Bearer ${bearer}`;
  if (init.body !== undefined) headers['Content-Type'] = 'application/json';
  const answer = await fetch(address, { ...init, headers });
  const said = (await answer.json().catch(() => ({}))) as {
    message?: string;
    error?: unknown;
    detail?: string;
  };
  if (!answer.ok) {
    const why = said.message ?? said.detail ?? (typeof said.error === 'string' ? said.error : undefined);
    throw new Refused(why ?? `HTTP ${answer.status}`, answer.status);
  }
  return said as T;
}

const post = (body: unknown, bearer?: string) => ({
  method: 'POST',
  body: JSON.stringify(body),
  ...(bearer !== undefined && { bearer }),
});

/** The demo's server and the simulator, as the host's back end, its customers and its sales people call them. */
export class World {
  constructor(
    private session: Session,
    /** Told of the new session when the demo was started again and no longer knows the one before. */
    private readonly renewed: (session: Session) => void,
  ) {}

  /** As the host's back end, which has the key. */
  private async asHost<T>(path: string, asked: RequestInit & { body?: string } = {}): Promise<T> {
    try {
      return await call<T>(path, { ...asked, bearer: this.session.key });
    } catch (failure) {
      if (!(failure instanceof Refused && failure.status === 401)) throw failure;
    }
    this.session = await begin();
    this.renewed(this.session);
    return call<T>(path, { ...asked, bearer: this.session.key });
  }

  private sim<T>(path: string, body?: unknown): Promise<T> {
    return call<T>(this.session.simulator + path, body === undefined ? {} : post(body));
  }

  /** Whether anybody is at home: the simulator, which is the same process and has no log to fill. */
  async isThere(): Promise<void> {
    await this.sim('/_sim/health');
  }

  async people(): Promise<Person[]> {
    return (await this.sim<{ users: Person[] }>('/_sim/users')).users;
  }

  async apps(): Promise<Record<string, string>> {
    const { apps } = await this.sim<{ apps: { name: string; appid: string }[] }>('/_sim/apps');
    return Object.fromEntries(apps.map(({ name, appid }) => [name, appid]));
  }

  /** Until when the person is logged in on the H5 page, in Unix seconds; 0 when they are not. */
  async loggedInUntil(openid: string): Promise<number> {
    type Answer = { data: { exists: boolean; need_auth: boolean; user_info?: { expires_at: number } } };
    const { data } = await this.asHost<Answer>(`/api/user/${encodeURIComponent(openid)}`);
    return data.exists && !data.need_auth ? (data.user_info?.expires_at ?? 0) : 0;
  }

  /** The sales person's tap on WeChat's prompt, and what their app then tells the server. */
  async subscribe(person: Person, appid: string): Promise<void> {
    await this.sim('/_sim/subscribe', {
      appid: APP,
      user: person.id,
      template_id: TEMPLATE,
      result: 'accept',
    });
    const told = {
      advisorId: ADVISOR,
      openid: person.openids[appid],
      templateId: TEMPLATE,
      subscribed: true,
      subscribeData: { source: 'miniprogram', subscriptionStatus: 'accept' },
    };
    await this.asHost('/api/advisor/subscribe', post(told));
  }

  /** What a customer's mini-program does: logs in, then says what the customer did. */
  async act(name: string, phone: string): Promise<Acted> {
    const { code } = await this.sim<{ code: string }>('/_sim/login-code', { appid: APP, user: CUSTOMER });
    type Login = { data: { openid: string; token: string } };
    const { data } = await call<Login>('/api/wechat/openid', post({ code }));
    const action = {
      customerId: data.openid,
      advisorId: ADVISOR,
      actionType: 'contact_advisor',
      actionData: {},
      customerName: name,
      customerPhone: phone,
    };
    return (await call<{ data: Acted }>('/api/customer/action', post(action, data.token))).data;
  }

  async leads(): Promise<Lead[]> {
    const { data } = await this.asHost<{ data: { items: Lead[] } }>('/api/leads');
    return data.items;
  }

  async messages(): Promise<Message[]> {
    const { data } = await this.asHost<{ data: { items: Message[] } }>('/api/messages');
    return data.items;
  }
}
