import { inWeChat, type Language, useWeChatShare, WeirProvider } from '@weir/react';
import { useEffect } from 'react';
import type { Session } from './session';
import { firstLanguage, TAGS, WORDS } from './words';

/** A page of the host's, as a customer opens it in WeChat: whoever is sent it sees its title and text. */
export function Shared({ simulator }: Pick<Session, 'simulator'>) {
  const language = firstLanguage();
  useEffect(() => {
    document.documentElement.lang = TAGS[language];
    document.title = WORDS[language].flat;
  }, [language]);
  // The real WeChat serves its script at its own address; here the simulator does.
  return (
    <WeirProvider language={language} jweixin={`${simulator}/open/js/jweixin-1.6.0.js`}>
      <Flat language={language} />
    </WeirProvider>
  );
}

function Flat({ language }: { language: Language }) {
  const words = WORDS[language];
  const { ready, error } = useWeChatShare({ title: words.flat, desc: words.flatText });
  useEffect(() => {
    // The demo's page, which may be in a frame around this one, ticks its step.
    if (ready) window.top?.postMessage({ type: 'weir:demo-shared', title: words.flat }, '*');
  }, [ready, words]);
  return (
    <main className="flat">
      <div className="picture" aria-hidden="true" />
      <h1>{words.flat}</h1>
      <p>{words.flatText}</p>
      <p role="status">
        {error ?? (ready ? words.shareReady : inWeChat() ? words.shareWait : words.shareElsewhere)}
      </p>
    </main>
  );
}
