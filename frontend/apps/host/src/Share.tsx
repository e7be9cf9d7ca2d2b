import { inWeChat, type Language, useWeChatShare } from '@weir/react';
import { PAGE } from './words';

/** What a friend sees who is sent this page, and whether WeChat has taken it. */
export function Share({ language }: { language: Language }) {
  const words = PAGE[language];
  const { ready, error } = useWeChatShare({ title: words.title, desc: words.shareText });
  const said = error ?? (ready ? words.shareReady : inWeChat() ? words.shareWait : words.shareElsewhere);
  return (
    <section aria-label={words.share}>
      <h2>{words.share}</h2>
      <p role="status">{said}</p>
    </section>
  );
}
