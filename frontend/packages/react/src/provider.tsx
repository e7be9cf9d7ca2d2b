import {
  createContext,
  type ReactNode,
  useContext,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useSyncExternalStore,
} from 'react';
import { createClient, storedToken, TOKEN_KEY, type TokenSource, type WeirClient } from './client.js';
import { remember } from './storage.js';
import { BindingStore } from './store.js';
import type { Language } from './types.js';
import { userOf } from './user.js';
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

interface Wired {
  client: WeirClient;
  store: BindingStore;
  /** Keeps a token that a sign-in gave, where the token is kept in the page. */
  keep(token: string): void;
}

export interface Weir extends Wired {
  words: Words;
  /** For the attribute `lang` and for dates. */
  tag: string;
  jweixin: string;
}

function wire(base: string, token: TokenSource, isStored: boolean, user?: string | null): Wired {
  const client = createClient(base, token);
  const keep = (given: string) => {
    if (isStored) remember('localStorage', TOKEN_KEY, given);
  };
  return { client, store: new BindingStore(client, user), keep };
}

/** What only the browser knows. On a server it is `otherwise`, and in the browser at first, so that both say the same. */
export function useBrowser<T extends string | boolean>(ask: () => T, otherwise: T): T {
  return useSyncExternalStore(never, ask, () => otherwise);
}
const never = () => () => {};

function useSpoken(language: Language | undefined) {
  const preferred = useBrowser(() => languageOf(navigator.languages), 'en');
  const spoken = language === undefined ? preferred : languageOf([language]);
  return { words: WORDS[spoken], tag: TAGS[spoken] };
}

let usual: Wired | undefined;

/** Without a provider: this origin, the stored token, the browser's language. */
function usualWired(): Wired {
  usual ??= wire('', storedToken, true);
  return usual;
}

const Context = createContext<Weir | null>(null);

// A server draws no layouts, and React 18 says so.
const useEarlyEffect = typeof document === 'undefined' ? useEffect : useLayoutEffect;

/** Tells components and hooks where Weir is and who asks. They work without it too, with the defaults. */
export function WeirProvider({ base = '', token, language, jweixin = JWEIXIN, children }: WeirProviderProps) {
  // A function that is made anew at every rendering must not make everything else anew.
  const latest = useRef<TokenSource>(storedToken);
  latest.current = typeof token === 'function' ? token : token === undefined ? storedToken : () => token;
  const isStored = token === undefined;
  // Nor must a new token of the same user.
  const user = typeof token === 'string' ? userOf(token) : undefined;
  const wired = useMemo(() => wire(base, () => latest.current(), isStored, user), [base, isStored, user]);
  useEarlyEffect(() => {
    if (typeof token === 'function') wired.store.glance();
  }, [token, wired]);
  const { words, tag } = useSpoken(language);
  const weir = useMemo(() => ({ ...wired, words, tag, jweixin }), [wired, words, tag, jweixin]);
  return <Context.Provider value={weir}>{children}</Context.Provider>;
}

export function useWeir(): Weir {
  const given = useContext(Context);
  const spoken = useSpoken(undefined);
  return given ?? { ...usualWired(), ...spoken, jweixin: JWEIXIN };
}

/** Counts the users: another number is another user. */
export function useUser(): number {
  const { store } = useWeir();
  const user = () => store.state().user;
  return useSyncExternalStore(store.subscribe, user, user);
}
