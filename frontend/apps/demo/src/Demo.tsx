import { type Language, WeirProvider } from '@weir/react';
import { useEffect, useState } from 'react';
import type { Session } from './session';
import { Walk } from './Walk';
import { firstLanguage, LANGUAGES, TAGS, WORDS, type Words } from './words';

export function Demo({ session: first }: { session: Session }) {
  const [session, setSession] = useState(first);
  const [language, setLanguage] = useState<Language>(firstLanguage);
  const words = WORDS[language];
  useEffect(() => {
    document.documentElement.lang = TAGS[language];
    document.title = words.title;
  }, [language, words]);
  return (
    <WeirProvider language={language} token={session.token}>
      <Walk session={session} renewed={setSession} language={language}>
        <header>
          <div className="top">
            <h1>{words.title}</h1>
            <label>
              <span className="hidden">{words.language}</span>
              <select value={language} onChange={(event) => setLanguage(event.target.value as Language)}>
                {Object.entries(LANGUAGES).map(([tag, name]) => (
                  <option key={tag} value={tag}>
                    {name}
                  </option>
                ))}
              </select>
            </label>
          </div>
          <p>{words.about}</p>
          <Between words={words} />
        </header>
      </Walk>
    </WeirProvider>
  );
}

/** Who talks to whom. */
function Between({ words }: { words: Words }) {
  return (
    <ul className="between">
      {words.between.map(([name, does]) => (
        <li key={name}>
          <strong>{name}</strong>
          <span>{does}</span>
        </li>
      ))}
    </ul>
  );
}
