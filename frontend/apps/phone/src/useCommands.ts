import { useEffect, useRef } from 'react';
import { type Language, NAMES } from './words';

export interface Commands {
  scan(content: string): void;
  user(user: string): void;
  language(language: Language): void;
  messages(): void;
}

/** Tells whoever has the phone in a frame, or has opened it. It is nobody's secret what a simulated phone shows. */
export function tell(message: object): void {
  const listener = window.parent !== window ? window.parent : window.opener;
  listener?.postMessage(message, '*');
}

/** Takes what the page around says: `weir:scan`, `weir:user`, `weir:language`, `weir:messages`. */
export function useCommands(commands: Commands): void {
  const latest = useRef(commands);
  latest.current = commands;
  useEffect(() => {
    const heard = ({ source, data }: MessageEvent) => {
      // Pages on the phone may not steer it.
      if (source === null || (source !== window.parent && source !== window.opener)) return;
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
