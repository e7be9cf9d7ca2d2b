import { useEffect } from 'react';
import { useHearing } from '../../../shared/useHearing';
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
  useHearing(({ source, origin, data }) => {
    // Pages on the phone may not steer it, nor may websites.
    if (source === null || (source !== window.parent && source !== window.opener) || !isHere(origin)) return;
    around = origin;
    const command = commandOf(data);
    if (command) obey(command);
  });
  // Only now, when the answer is heard.
  useEffect(() => tell({ type: 'weir:phone-ready' }), []);
}
