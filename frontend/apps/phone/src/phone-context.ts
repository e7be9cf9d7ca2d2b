import { createContext, use } from 'react';
import type { Screen } from './Phone';
import type { App, Message, Person } from './sim';
import type { Language as Tag, Words } from './words';

/** What every screen may use. */
export interface PhoneTools {
  words: Words;
  person: Person;
  people: Person[];
  apps: App[];
  messages: Message[];
  unread: number;
  choose(user: string): void;
  scan(content: string): void;
  scanPicture(file: Blob): void;
  say(text: string): void;
  go(screen: Screen): void;
  home(): void;
  look(): Promise<void>;
}

export const PhoneContext = createContext<PhoneTools | null>(null);
export const Language = createContext<{ language: Tag; setLanguage(language: Tag): void }>({
  language: 'zh',
  setLanguage: () => undefined,
});

export function usePhone(): PhoneTools {
  const tools = use(PhoneContext);
  if (!tools) throw new Error('outside of a phone');
  return tools;
}
