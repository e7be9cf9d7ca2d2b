import { useEffect, useRef, useState } from 'react';
import type { Message } from './sim';
import { arrived, unread } from './unread';

const BANNER = 6000;

/** Which of a person's messages are unread, and which has just come. `isShown`: the person looks at them. */
export function useMessages(id: string, messages: Message[] | undefined, isShown: boolean) {
  const [seen, setSeen] = useState<Record<string, number | undefined>>({});
  const [news, setNews] = useState<Message>();
  const before = useRef<{ of: string; messages: Message[] | undefined }>({ of: '', messages: undefined });

  const last = messages?.at(-1)?.msgid;
  useEffect(() => {
    if (isShown) setSeen((all) => ({ ...all, [id]: last }));
  }, [isShown, id, last]);

  useEffect(() => {
    const came =
      before.current.of === id && messages ? arrived(before.current.messages, messages) : undefined;
    before.current = { of: id, messages };
    if (came) setNews(came);
  }, [id, messages]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another person's phone shows none of it
  useEffect(() => setNews(undefined), [id, isShown]);
  useEffect(() => {
    if (!news) return;
    const timer = setTimeout(() => setNews(undefined), BANNER);
    return () => clearTimeout(timer);
  }, [news]);

  return { unread: unread(messages ?? [], seen[id]), news: isShown ? undefined : news };
}
