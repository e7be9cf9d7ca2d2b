import { type FocusEventHandler, type RefObject, useEffect, useRef } from 'react';

interface Kept<T> {
  ref: RefObject<T | null>;
  onFocus: FocusEventHandler;
  onBlur: FocusEventHandler;
}

/**
 * Keeps the focus in a component whose pressed button vanishes: it goes to what is said there now, or to the first
 * button, and not to the beginning of the page, where people who do not see it would find themselves.
 */
export function useKeptFocus<T extends HTMLElement>(): Kept<T> {
  const ref = useRef<T>(null);
  const isInside = useRef(false);
  // After every rendering. An element that vanishes or is disabled tells nobody that it has lost the focus.
  useEffect(() => {
    const { activeElement, body } = document;
    if (!isInside.current || (activeElement !== null && activeElement !== body)) return;
    ref.current?.querySelector<HTMLElement>('.weir-saying, button:enabled')?.focus();
  });
  return {
    ref,
    onFocus: () => {
      isInside.current = true;
    },
    onBlur: () => {
      isInside.current = false;
    },
  };
}
