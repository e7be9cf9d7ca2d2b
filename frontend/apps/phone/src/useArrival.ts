import { type RefObject, useEffect, useRef } from 'react';

/** The control that has the focus when a screen comes; the focus of a page around the phone is left where it is. */
export function useArrival(): RefObject<HTMLButtonElement | null> {
  const control = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (document.hasFocus()) control.current?.focus({ preventScroll: true });
  }, []);
  return control;
}
