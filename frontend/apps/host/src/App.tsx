import { type Language, WeChatLogin, WeChatSettings, WeirProvider } from '@weir/react';
import { type FormEvent, useEffect, useState } from 'react';
import { Share } from './Share';
import { PAGE } from './words';

const NAMES: Record<Language, string> = { en: 'English', zh: '中文', ru: 'Русский' };
const TAGS: Record<Language, string> = { en: 'en', zh: 'zh-CN', ru: 'ru' };

/** `?language=` first, then the browser's. */
function first(): Language {
  const asked = new URLSearchParams(location.search).get('language') ?? navigator.language.slice(0, 2);
  return asked in NAMES ? (asked as Language) : 'en';
}

/** The user page of an application that has WeChat through Weir. */
export function App() {
  const [language, setLanguage] = useState(first);
  const [token, setToken] = useState(() => localStorage.getItem('authToken') ?? '');
  const words = PAGE[language];

  useEffect(() => {
    document.documentElement.lang = TAGS[language];
    document.title = PAGE[language].title;
  }, [language]);

  const signIn = (given: string) => {
    localStorage.setItem('authToken', given);
    setToken(given);
  };
  const signOut = () => {
    localStorage.removeItem('authToken');
    setToken('');
  };
  return (
    <WeirProvider language={language}>
      <header>
        <h1>{words.title}</h1>
        <label>
          {words.language}{' '}
          <select value={language} onChange={(event) => setLanguage(event.target.value as Language)}>
            {Object.entries(NAMES).map(([code, name]) => (
              <option key={code} value={code}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </header>
      <main>
        {token ? (
          <>
            {/* Another user's page is another page: nothing of the last one stays. */}
            <WeChatSettings key={token} />
            <Share language={language} />
            <button type="button" onClick={signOut}>
              {words.signOut}
            </button>
          </>
        ) : (
          <>
            <section aria-label={words.signIn}>
              <h2>{words.signIn}</h2>
              <WeChatLogin onLogin={(login) => signIn(login.token)} />
            </section>
            <TokenField language={language} onToken={signIn} />
          </>
        )}
      </main>
    </WeirProvider>
  );
}

/** A stand-in for the application's own sign-in. */
function TokenField({ language, onToken }: { language: Language; onToken(token: string): void }) {
  const words = PAGE[language];
  const send = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const token = String(new FormData(event.currentTarget).get('token')).trim();
    if (token) onToken(token);
  };
  return (
    <section aria-label={words.orToken}>
      <h2>{words.orToken}</h2>
      <form onSubmit={send}>
        <label>
          {words.token} <input name="token" required autoComplete="off" spellCheck={false} />
        </label>
        <button type="submit">{words.useToken}</button>
      </form>
      <p>
        {words.howToken} <code>weir token --sub 106</code>
      </p>
    </section>
  );
}
