import { createContext, type ReactNode, useContext, useMemo, useRef } from 'react';
import { createClient, storedToken, TOKEN_KEY, type TokenSource, type WeirClient } from './client.js';
import { BindingStore } from './store.js';
import type { Language } from './types.js';
import { languageOf, TAGS, WORDS, type Words } from './words.js';

/** WeChat's own address of its script. */
const JWEIXIN = 'https://res.wx.qq.com/open/js/jweixin-1.6.0.js';

export interface WeirProviderProps {
  /** Weir's address; the page's own origin when it is not given. */
  base?: string;
  /** The host application's token for the user, or a function that has it; `localStorage.authToken` by default. */
  token?: string | TokenSource;
  /** The browser's language by default. */
  language?: Language;
  /** Where WeChat's JS-SDK is loaded from. */
  jweixin?: string;
  children?: ReactNode;
}

export interface Weir {
  client: WeirClient;
  store: BindingStore;
  words: Words;
  /** For the attribute `lang` and for dates. */
  tag: string;
  jweixin: string;
  /** Keeps a token that a sign-in gave, where the token is kept in the page. */
  keep(token: string): void;
}

function wire(base: string, token: TokenSource, keep: (token: string) => void) {
  const client = createClient(base, token);
  return { client, store: new BindingStore(client), keep };
}

function speak(language: Language | undefined) {
  const spoken = language ?? languageOf(typeof navigator === 'undefined' ? [] : navigator.languages);
  return { words: WORDS[spoken], tag: TAGS[spoken] };
}

let usual: Weir | undefined;

/** Without a provider: this origin, the stored token, the browser's language. */
function usualWeir(): Weir {
  const keep = (token: string) => localStorage.setItem(TOKEN_KEY, token);
  usual ??= { ...wire('', storedToken, keep), ...speak(undefined), jweixin: JWEIXIN };
  return usual;
}

const Context = createContext<Weir | null>(null);

/** Tells components and hooks where Weir is and who asks. They work without it too, with the defaults. */
export function WeirProvider({ base = '', token, language, jweixin = JWEIXIN, children }: WeirProviderProps) {
  // A function that is made anew at every rendering must not make everything else anew.
  const latest = useRef<TokenSource>(storedToken);
  latest.current = typeof token === 'function' ? token : storedToken;
  const fixed = typeof token === 'string' ? token : undefined;
  const isStored = token === undefined;
  const wired = useMemo(() => {
    const source: TokenSource = fixed === undefined ? () => latest.current() : () => fixed;
    return wire(base, source, (given) => {
      if (isStored) localStorage.setItem(TOKEN_KEY, given);
    });
  }, [base, fixed, isStored]);
  const weir = useMemo(() => ({ ...wired, ...speak(language), jweixin }), [wired, language, jweixin]);
  return <Context.Provider value={weir}>{children}</Context.Provider>;
}

export function useWeir(): Weir {
  return useContext(Context) ?? usualWeir();
}
