import { useEffect, useRef } from 'react';
import { type Command, commandOf, isHere } from './commands';

/** Who has the phone in a frame, or has opened it, once they have said something: a page of this machine. */
let around: string | undefined;

/** Tells the page around. What the phone shows is for pages of this machine only; that it is ready is for any. */
export function tell(message: { type: string; [more: string]: unknown }): void {
  const listener = window.parent !== window ? window.parent : window.opener;
  if (around !== undefined) listener?.postMessage(message, around);
  else if (message.type === 'weir:phone-ready') listener?.postMessage(message, '*');
}

/** Takes what the page around says: `weir:scan`, `weir:user`, `weir:language`, `weir:messages`. */
export function useCommands(obey: (command: Command) => void): void {
  const latest = useRef(obey);
  latest.current = obey;
  useEffect(() => {
    const heard = ({ source, origin, data }: MessageEvent) => {
      // Pages on the phone may not steer it, nor may websites.
      if (source === null || (source !== window.parent && source !== window.opener) || !isHere(origin))
        return;
      around = origin;
      const command = commandOf(data);
      if (command) latest.current(command);
    };
    window.addEventListener('message', heard);
    tell({ type: 'weir:phone-ready' });
    return () => window.removeEventListener('message', heard);
  }, []);
}
