import { type ReactNode, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { Words } from './words';

export type Side = 'site' | 'phone';

/** Which side a narrow screen shows, and whether a step was done while it showed the phone. */
export function useSide(done: number) {
  const [side, setSide] = useState<Side>('site');
  const [isNews, setNews] = useState(false);
  const before = useRef(done);
  useEffect(() => {
    if (done > before.current && side === 'phone') setNews(true);
    before.current = done;
  }, [done, side]);
  // The site is found again where it was left.
  const place = useRef(0);
  const show = useCallback((next: Side) => {
    if (next === 'phone') place.current = window.scrollY;
    else setNews(false);
    setSide(next);
  }, []);
  useLayoutEffect(() => {
    if (side === 'site' && place.current > 0) window.scrollTo(0, place.current);
  }, [side]);
  return { side, show, isNews };
}

interface Props {
  side: Side;
  show: (side: Side) => void;
  isNews: boolean;
  words: Words;
  children: ReactNode;
}

/** Site and phone beside each other, or one at a time where there is no room. */
export function Sides({ side, show, isNews, words, children }: Props) {
  const button = (of: Side, name: string) => (
    <button type="button" aria-pressed={side === of} onClick={() => show(of)}>
      {name}
    </button>
  );
  return (
    <div className={`sides shows-${side}`}>
      {children}
      <nav className={isNews ? 'sides-nav news' : 'sides-nav'} aria-label={words.sides}>
        {button('site', isNews ? `✓ ${words.back}` : words.site)}
        {button('phone', words.phone)}
      </nav>
    </div>
  );
}
