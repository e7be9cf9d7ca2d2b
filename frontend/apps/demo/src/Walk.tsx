import { type Language, useWeChatBinding, WeChatSettings } from '@weir/react';
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import { BIND, LEAD, LOGIN, SHARE } from './code';
import { Leads } from './Leads';
import { Onward } from './Onward';
import { Phone, type PhoneHandle } from './Phone';
import { Sides, useSide } from './Sides';
import { Step } from './Step';
import type { Session } from './session';
import { readCode, useCode } from './useCode';
import { useFromPhone } from './useFromPhone';
import { OWNER, useWorld } from './useWorld';
import { TAGS, WORDS } from './words';
import { type Acted, APP, Refused } from './world';

const SHARED = 'weir-demo-shared';

interface Props {
  session: Session;
  renewed: (session: Session) => void;
  language: Language;
  children: ReactNode;
}

/** Four things to try, with the phone beside them. A step is done when the server says so, not when a button was pressed. */
export function Walk({ session, renewed, language, children }: Props) {
  const words = WORDS[language];
  const phone = useRef<PhoneHandle>(null);
  const site = useRef<HTMLDivElement>(null);
  const hasCode = useCode(site);
  const { binding, getBinding } = useWeChatBinding();
  const seen = useWorld(session, renewed);
  const { world, apps, owner, until, leads, messages, isDown } = seen;
  const [shared, setShared] = useState(() => sessionStorage.getItem(SHARED) ?? '');
  const [acted, setActed] = useState<Acted & { phone: string }>();
  const [trouble, setTrouble] = useState({ step: 0, text: '' });

  useEffect(() => {
    getBinding().catch(() => undefined);
  }, [getBinding]);
  // Only this page has heard of it, and must not forget when it is opened again.
  useEffect(() => sessionStorage.setItem(SHARED, shared), [shared]);
  useFromPhone(session.simulator, { shared: setShared, page: () => seen.expect('login') });

  const told = acted ? messages.find(({ actionId }) => actionId === acted.actionId) : messages[0];
  const done = [Boolean(binding), until > 0, shared !== '', leads.length > 0 && messages.some(isSent)];
  const next = done.indexOf(false) + 1;
  const { side, show, isNews } = useSide(done.filter(Boolean).length);

  const attempt = (step: number, work: () => Promise<void> | void) => async () => {
    setTrouble({ step, text: '' });
    try {
      await work();
    } catch (failure) {
      // What a browser says of a server that is away is for nobody, and a server speaks a language of its own.
      const said = failure instanceof Refused ? failure : new Refused(words.isDown, 0);
      setTrouble({ step, text: said.status === 0 ? said.message : words.refused(said.message) });
    }
  };
  const open = (step: number, path: string) =>
    attempt(step, () => {
      show('phone');
      phone.current?.scan(session.weir + path);
    });
  const hold = attempt(1, () => {
    const content = readCode(site.current);
    if (!content) throw new Refused(words.noCode, 0);
    show('phone');
    phone.current?.scan(content);
  });
  const send = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const number = String(form.get('phone'));
    attempt(4, async () => {
      if (!owner) throw new Refused(words.isDown, 0);
      await world.subscribe(owner, apps[APP] ?? '');
      const what = await world.act(String(form.get('name')), number);
      setActed({ ...what, phone: number });
      seen.expect('leads');
      // The message is for its owner, whoever has the phone in hand.
      phone.current?.user(OWNER);
      phone.current?.messages();
      show('phone');
    })();
  };
  const step = (number: number) => ({
    number,
    words,
    isDone: done[number - 1] ?? false,
    isNext: number === next,
    trouble: trouble.step === number ? trouble.text : '',
  });
  const lead = acted
    ? words.leadOf(acted.customer?.customerId, acted.customerCreated, acted.phone)
    : leads[0]?.customerId;

  return (
    <Sides side={side} show={show} isNews={isNews} words={words}>
      <main>
        {children}
        <p role="alert" className="trouble">
          {isDown && words.isDown}
        </p>
        <ol>
          <Step
            {...step(1)}
            title={words.bind}
            text={words.bindText}
            happened={words.bindDone(binding?.nickname || '…')}
            calls="POST /api/wechat/generate-qr → GET /api/wechat/callback"
            code={BIND}
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
            {...step(2)}
            title={words.login}
            text={words.loginText}
            happened={words.loginDone(new Date(until * 1000).toLocaleString(TAGS[language]))}
            calls="GET /api/wechat/authorize-url → POST /api/wechat/auth"
            code={LOGIN}
          >
            <button
              type="button"
              className="act"
              onClick={open(2, `/wechat/frontend-driven?lang=${language}`)}
            >
              {words.openInPhone}
            </button>
          </Step>
          <Step
            {...step(3)}
            title={words.share}
            text={words.shareText}
            happened={words.shareDone(shared)}
            calls="GET /wechat/jsconfig → wx.config → config:ok"
            code={SHARE}
          >
            <button type="button" className="act" onClick={open(3, `/demo/?page=share&lang=${language}`)}>
              {words.openInPhone}
            </button>
          </Step>
          <Step
            {...step(4)}
            title={words.lead}
            text={words.leadText}
            happened={words.leadDone(lead ?? '', words.states[told?.state ?? 'queued'] ?? '')}
            calls="POST /api/customer/action → GET /api/messages"
            code={LEAD}
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
            {told && !done[3] && <p role="status">{words.states[told.state] ?? told.state}</p>}
          </Step>
        </ol>
        <Onward simulator={session.simulator} isAll={next === 0} words={words} />
      </main>
      <Phone ref={phone} simulator={session.simulator} user={OWNER} language={language} words={words} />
    </Sides>
  );
}

const isSent = ({ state }: { state: string }) => state === 'sent' || state === 'delivered';
