import { useEffect, useRef } from 'react';

/**
 * Does all of `looks` now and again while the page is seen, one round after the other. A look that fails keeps none of the
 * others back, and is made up for by the next round. `over` hears what failed.
 */
export function useEvery(
  milliseconds: number,
  looks: (() => Promise<void>)[],
  over: (failures: unknown[]) => void,
): void {
  const latest = useRef({ looks, over });
  latest.current = { looks, over };
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    let isOver = false;
    const round = async () => {
      if (document.visibilityState === 'visible') {
        const ends = await Promise.allSettled(latest.current.looks.map((look) => look()));
        if (isOver) return;
        latest.current.over(ends.flatMap((end) => (end.status === 'rejected' ? [end.reason] : [])));
      }
      timer = setTimeout(round, milliseconds);
    };
    round();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [milliseconds]);
}
