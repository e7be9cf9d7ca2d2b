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
  /** What time it is for the simulator. */
  now(): number;
  choose(user: string): void;
  /** Somebody new, or somebody of another name. */
  saved(person: Person): Promise<void>;
  scan(content: string): void;
  scanPicture(file: Blob): void;
  say(text: string): void;
  go(screen: Screen): void;
  home(): void;
  /** A page wants what the camera sees; it is told `null` when the person turns away. */
  lend(camera: (content: string | null) => void): void;
  isLent: boolean;
  /** What the person accepts of a mini-program without being asked, once they have said so. */
  always(appid: string): string[] | undefined;
  setAlways(appid: string, accepted: string[] | undefined): void;
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
