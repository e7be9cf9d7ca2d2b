import { useEffect, useRef } from 'react';

/** Calls `look` now and again, while the page is seen. What goes wrong is told by the next look that goes right. */
export function useEvery(milliseconds: number, look: () => Promise<void>): void {
  const latest = useRef(look);
  latest.current = look;
  useEffect(() => {
    const now = () => {
      if (document.visibilityState === 'visible') latest.current().catch(() => undefined);
    };
    now();
    const timer = setInterval(now, milliseconds);
    return () => clearInterval(timer);
  }, [milliseconds]);
}
