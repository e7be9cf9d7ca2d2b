import { type Language, useWeChatBinding, WeChatSettings, WeirProvider } from '@weir/react';
import { type FormEvent, useEffect, useMemo, useRef, useState } from 'react';
import { BIND, LEAD, LOGIN, SHARE } from './code';
import { Phone, type PhoneHandle } from './Phone';
import { Step } from './Step';
import type { Session } from './session';
import { readCode, useCode } from './useCode';
import { useEvery } from './useEvery';
import { firstLanguage, LANGUAGES, TAGS, WORDS } from './words';
import { APP, type Lead, type Message, type Person, World } from './world';

/** Whose phone it is: the user of the site, who is also its sales person. */
const OWNER = 'alice';
const LOOK_EVERY = 1500;

export function Demo({ session: first }: { session: Session }) {
  const [session, setSession] = useState(first);
  const [language, setLanguage] = useState<Language>(firstLanguage);
  const words = WORDS[language];
  useEffect(() => {
    document.documentElement.lang = TAGS[language];
    document.title = words.title;
  }, [language, words]);
  return (
    <WeirProvider language={language} token={session.token}>
      <header>
        <div>
          <h1>{words.title}</h1>
          <p>{words.about}</p>
        </div>
        <nav aria-label={words.more}>
          <a href="/docs/">{words.api}</a>
          <a href={`${session.simulator}/_sim/`}>{words.simulator}</a>
          <label>
            <span className="hidden">{words.language}</span>
            <select value={language} onChange={(event) => setLanguage(event.target.value as Language)}>
              {Object.entries(LANGUAGES).map(([tag, name]) => (
                <option key={tag} value={tag}>
                  {name}
                </option>
              ))}
            </select>
          </label>
        </nav>
      </header>
      <Walk session={session} renewed={setSession} language={language} />
    </WeirProvider>
  );
}

interface WalkProps {
  session: Session;
  renewed(session: Session): void;
  language: Language;
}

function Walk({ session, renewed, language }: WalkProps) {
  const words = WORDS[language];
  const world = useMemo(() => new World(session, renewed), [session, renewed]);
  const phone = useRef<PhoneHandle>(null);
  const site = useRef<HTMLDivElement>(null);
  const hasCode = useCode(site);
  const { binding, getBinding } = useWeChatBinding();
  const [apps, setApps] = useState<Record<string, string>>({});
  const [owner, setOwner] = useState<Person>();
  const [until, setUntil] = useState(0);
  const [shared, setShared] = useState('');
  const [leads, setLeads] = useState<Lead[]>([]);
  const [messages, setMessages] = useState<Message[]>([]);
  const [trouble, setTrouble] = useState('');

  useEffect(() => {
    getBinding().catch(() => undefined);
  }, [getBinding]);

  useEvery(LOOK_EVERY, [
    async () => {
      if (owner) return;
      const [known, people] = await Promise.all([world.apps(), world.people()]);
      setApps(known);
      setOwner(people.find(({ name }) => name === OWNER));
    },
    async () => {
      const openid = owner?.openids[apps.official ?? ''];
      if (openid) setUntil(await world.loggedInUntil(openid));
    },
    async () => setLeads(await world.leads()),
    async () => setMessages(await world.messages()),
  ]);

  // The page in the phone is another origin: of the simulator, which carries it.
  useEffect(() => {
    const { hostname, port } = new URL(session.simulator);
    const isPhones = (origin: string) => {
      if (!URL.canParse(origin)) return false;
      const from = new URL(origin);
      return from.port === port && (from.hostname === hostname || from.hostname.endsWith('.localhost'));
    };
    const heard = ({ origin, data }: MessageEvent) => {
      if (data?.type === 'weir:demo-shared' && isPhones(origin)) setShared(String(data.title));
    };
    window.addEventListener('message', heard);
    return () => window.removeEventListener('message', heard);
  }, [session]);

  const attempt = (work: () => Promise<void> | void) => async () => {
    setTrouble('');
    try {
      await work();
    } catch (failure) {
      setTrouble(failure instanceof Error ? failure.message : String(failure));
    }
  };
  const hold = attempt(() => {
    const content = readCode(site.current);
    if (!content) throw new Error(words.noCode);
    phone.current?.scan(content);
  });
  const open = (path: string) => attempt(() => phone.current?.scan(session.weir + path));
  const send = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    attempt(async () => {
      if (!owner) throw new Error(words.noPhone);
      await world.subscribe(owner, apps[APP] ?? '');
      await world.act(String(form.get('name')), String(form.get('phone')));
      phone.current?.messages();
    })();
  };

  const message = messages[0];
  const isTold = messages.some(({ state }) => state === 'sent' || state === 'delivered');
  return (
    <div className="sides">
      <main>
        <p role="alert" className="trouble">
          {trouble}
        </p>
        <ol>
          <Step
            number={1}
            title={words.bind}
            text={words.bindText}
            isDone={Boolean(binding)}
            happened={`POST /api/wechat/generate-qr → /s/… → GET /api/wechat/callback: ${binding?.nickname ?? ''}`}
            code={BIND}
            words={words}
          >
            <div ref={site} className="site">
              <p className="whose">{words.yourSite}</p>
              <WeChatSettings />
            </div>
            <button type="button" className="act" onClick={hold} disabled={!hasCode}>
              {words.hold}
            </button>
          </Step>
          <Step
            number={2}
            title={words.login}
            text={words.loginText}
            isDone={until > 0}
            happened={`GET /api/wechat/authorize-url → POST /api/wechat/auth: ${words.until} ${new Date(until * 1000).toLocaleString(TAGS[language])}`}
            code={LOGIN}
            words={words}
          >
            <button type="button" className="act" onClick={open(`/wechat/frontend-driven?lang=${language}`)}>
              {words.openInPhone}
            </button>
          </Step>
          <Step
            number={3}
            title={words.share}
            text={words.shareText}
            isDone={shared !== ''}
            happened={`GET /wechat/jsconfig → wx.config → config:ok: ${shared}`}
            code={SHARE}
            words={words}
          >
            <button type="button" className="act" onClick={open(`/demo/?page=share&lang=${language}`)}>
              {words.openInPhone}
            </button>
          </Step>
          <Step
            number={4}
            title={words.lead}
            text={words.leadText}
            isDone={leads.length > 0 && isTold}
            happened={`POST /api/customer/action → ${leads[0]?.customerId ?? ''}, ${words.states[message?.state ?? ''] ?? ''}`}
            code={LEAD}
            words={words}
          >
            <form onSubmit={send}>
              <label>
                {words.name} <input name="name" defaultValue={words.someName} required maxLength={50} />
              </label>
              <label>
                {words.phoneNumber}{' '}
                <input name="phone" type="tel" defaultValue="139 0013 9000" required maxLength={32} />
              </label>
              <button type="submit" className="act">
                {words.ask}
              </button>
            </form>
            <Leads leads={leads} words={words} />
            {message && !isTold && <p role="status">{words.states[message.state] ?? message.state}</p>}
          </Step>
        </ol>
      </main>
      <Phone ref={phone} simulator={session.simulator} user={OWNER} language={language} words={words} />
    </div>
  );
}

/** The sales team's list. */
function Leads({ leads, words }: { leads: Lead[]; words: (typeof WORDS)['en'] }) {
  if (leads.length === 0) return null;
  return (
    <table>
      <caption>{words.leads}</caption>
      <thead>
        <tr>
          <th scope="col">{words.number}</th>
          <th scope="col">{words.name}</th>
          <th scope="col">{words.phoneNumber}</th>
        </tr>
      </thead>
      <tbody>
        {leads.slice(0, 5).map(({ customerId, name, phone }) => (
          <tr key={customerId}>
            <td>{customerId}</td>
            <td>{name}</td>
            <td>{phone}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
