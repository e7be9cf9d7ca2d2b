import { useEffect, useRef } from 'react';

/** Hears what other windows say to this one, as the latest rendering would have it. */
export function useHearing(hear: (event: MessageEvent) => void): void {
  const latest = useRef(hear);
  latest.current = hear;
  useEffect(() => {
    const heard = (event: MessageEvent) => latest.current(event);
    window.addEventListener('message', heard);
    return () => window.removeEventListener('message', heard);
  }, []);
}
