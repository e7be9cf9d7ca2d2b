import { useCallback, useEffect, useRef, useState } from 'react';

/** What lies over the tabs. Whoever leaves it is where they were before, with the keyboard too. */
export function useScreen<Screen>() {
  const [screen, setScreen] = useState<Screen>();
  const isOver = useRef(false);
  const from = useRef<Element>(null);

  const go = useCallback((next: Screen) => {
    if (!isOver.current) from.current = document.activeElement;
    isOver.current = true;
    setScreen(next);
  }, []);
  const home = useCallback(() => {
    isOver.current = false;
    setScreen(undefined);
  }, []);
  useEffect(() => {
    if (screen === undefined && from.current instanceof HTMLElement && document.hasFocus())
      from.current.focus({ preventScroll: true });
  }, [screen]);
  return { screen, go, home };
}
