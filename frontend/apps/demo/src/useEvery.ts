import { useEffect, useRef } from 'react';

/**
 * Does all of `looks` now and again while the page is seen, one round after the other. A look that fails keeps none of the
 * others back, and is made up for by the next round.
 */
export function useEvery(milliseconds: number, looks: (() => Promise<void>)[]): void {
  const latest = useRef(looks);
  latest.current = looks;
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    let isOver = false;
    const round = async () => {
      if (document.visibilityState === 'visible')
        await Promise.allSettled(latest.current.map((look) => look()));
      if (!isOver) timer = setTimeout(round, milliseconds);
    };
    round();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [milliseconds]);
}
