import { type Ref, useEffect, useImperativeHandle, useRef, useState } from 'react';
import type { Words } from './words';

/** What the page can have the phone do. */
export interface PhoneHandle {
  /** Opens what a QR code says, as if the phone's camera had seen it. */
  scan(content: string): void;
  /** Gives it into somebody's hand. */
  user(user: string): void;
  /** Shows the messages that have come. */
  messages(): void;
}

interface Props {
  simulator: string;
  user: string;
  language: string;
  words: Words;
  ref: Ref<PhoneHandle>;
}

/** The simulator's phone, another origin in a frame. It is told what to do, and says when it can be told. */
export function Phone({ simulator: address, user, language, words, ref }: Props) {
  // Of the same site as this page, where this page is home.
  const [simulator] = useState(() => {
    if (location.hostname !== 'demo.weir.localhost') return address;
    const { port } = new URL(address);
    return `http://phone.weir.localhost${port && `:${port}`}`;
  });
  const frame = useRef<HTMLIFrameElement>(null);
  const waiting = useRef<object[]>([]);
  const [isReady, setReady] = useState(false);

  useEffect(() => {
    const heard = ({ origin, source, data }: MessageEvent) => {
      if (origin !== simulator || source !== frame.current?.contentWindow) return;
      if (data?.type === 'weir:phone-ready') setReady(true);
    };
    window.addEventListener('message', heard);
    return () => window.removeEventListener('message', heard);
  }, [simulator]);

  const tell = (message: object) => frame.current?.contentWindow?.postMessage(message, simulator);
  const isReadyNow = useRef(false);
  isReadyNow.current = isReady;
  useEffect(() => {
    if (isReady) for (const message of waiting.current.splice(0)) tell(message);
  });
  useImperativeHandle(ref, () => {
    const say = (message: object) =>
      isReadyNow.current ? tell(message) : void waiting.current.push(message);
    return {
      scan: (content) => say({ type: 'weir:scan', content }),
      user: (user) => say({ type: 'weir:user', user }),
      messages: () => say({ type: 'weir:messages' }),
    };
  });

  // Another language is told, so that the page that the phone shows stays.
  useEffect(() => {
    if (isReady) frame.current?.contentWindow?.postMessage({ type: 'weir:language', language }, simulator);
  }, [isReady, language, simulator]);
  const [page] = useState(() => `${simulator}/?${new URLSearchParams({ user, lang: language })}`);
  return (
    <aside className="phone" aria-label={words.phone}>
      <iframe ref={frame} title={words.phone} src={page} allow="clipboard-write" />
    </aside>
  );
}
