import { useEffect, useRef } from 'react';
import { Picture } from './icons';
import { usePhone } from './phone-context';
import { Screen } from './Screen';
import type { Message } from './sim';
import { when } from './when';

/** The chat with every app's messages, the newest below. */
export function Services() {
  const { words, messages } = usePhone();
  const talk = useRef<HTMLDivElement>(null);
  const count = messages.length;
  // Not by scrollIntoView, which moves the page around the phone as well.
  useEffect(() => {
    if (count > 0 && talk.current) talk.current.scrollTop = talk.current.scrollHeight;
  }, [count]);
  return (
    <Screen title={words.services}>
      <div ref={talk} className="body talk" aria-live="polite">
        {messages.map((message) => (
          <Card key={message.msgid} message={message} />
        ))}
        {count === 0 && <p className="empty">{words.noMessages}</p>}
      </div>
    </Screen>
  );
}

function Card({ message }: { message: Message }) {
  const { words, apps, now, scan, go } = usePhone();
  const app = apps.find(({ appid }) => appid === message.appid);
  const template = app?.templates.find(({ id }) => id === message.template_id);
  const name = app?.name ?? message.appid;
  const { url } = message;
  const place = (field: string) => template?.fields.indexOf(field) ?? -1;
  const fields = Object.entries(message.data).sort(([one], [other]) => place(one) - place(other));
  return (
    <>
      <p className="time">
        <time>{when(message.at, now())}</time>
      </p>
      <article className="message">
        <h2>
          <Picture name={name} seed={message.appid} isRound />
          {name}
        </h2>
        <h3>{template?.title || message.template_id}</h3>
        <dl>
          {fields.map(([field, content]) => (
            <div key={field} dir="auto">
              <dt>{field}</dt>
              <dd>{String(content?.value ?? '')}</dd>
            </div>
          ))}
        </dl>
        {message.page && (
          <button
            type="button"
            className="foot"
            onClick={() => go({ name: 'program', appid: message.appid })}
          >
            {words.fromApp} <code>{message.page}</code>
          </button>
        )}
        {url && (
          <button type="button" className="foot" onClick={() => scan(url)}>
            {words.details}
          </button>
        )}
      </article>
    </>
  );
}
