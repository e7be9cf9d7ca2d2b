import { useEffect, useRef } from 'react';
import { type Language, NAMES } from './words';

export interface Commands {
  scan(content: string): void;
  user(user: string): void;
  language(language: Language): void;
  messages(): void;
}

/** Who has the phone in a frame, or has opened it, once they have said something: a page of this machine. */
let around: string | undefined;

/** What leads nowhere but to this machine, as the simulator's own `origins.rs` has it. */
function isHere(origin: string): boolean {
  if (!URL.canParse(origin)) return false;
  const { hostname } = new URL(origin);
  return (
    hostname === 'localhost' || hostname.endsWith('.localhost') || /^(127(\.\d+){3}|\[::1\])$/.test(hostname)
  );
}

/** Tells the page around. What the phone shows is for pages of this machine only; that it is ready is for any. */
export function tell(message: { type: string; [more: string]: unknown }): void {
  const listener = window.parent !== window ? window.parent : window.opener;
  if (around !== undefined) listener?.postMessage(message, around);
  else if (message.type === 'weir:phone-ready') listener?.postMessage(message, '*');
}

/** Takes what the page around says: `weir:scan`, `weir:user`, `weir:language`, `weir:messages`. */
export function useCommands(commands: Commands): void {
  const latest = useRef(commands);
  latest.current = commands;
  useEffect(() => {
    const heard = ({ source, origin, data }: MessageEvent) => {
      // Pages on the phone may not steer it, nor may websites.
      if (source === null || (source !== window.parent && source !== window.opener) || !isHere(origin))
        return;
      around = origin;
      if (data?.type === 'weir:scan' && typeof data.content === 'string') latest.current.scan(data.content);
      if (data?.type === 'weir:user' && typeof data.user === 'string') latest.current.user(data.user);
      if (data?.type === 'weir:language' && data.language in NAMES) latest.current.language(data.language);
      if (data?.type === 'weir:messages') latest.current.messages();
    };
    window.addEventListener('message', heard);
    tell({ type: 'weir:phone-ready' });
    return () => window.removeEventListener('message', heard);
  }, []);
}
