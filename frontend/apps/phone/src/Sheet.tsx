import { type ReactNode, useEffect, useRef } from 'react';

interface Props {
  title: string;
  className?: string;
  close(): void;
  children: ReactNode;
}

/** What the keyboard can reach in a sheet. */
const REACHED = 'button:not(:disabled), input:not(:disabled), a[href]';

/** What comes up from below over a screen: a dialog that Escape closes. */
export function Sheet({ title, className = '', close, children }: Props) {
  const dialog = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.focus({ preventScroll: true });
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  const pressed = (event: React.KeyboardEvent) => {
    if (event.key === 'Escape') {
      event.preventDefault();
      close();
    }
    if (event.key !== 'Tab') return;
    // The keyboard stays in the sheet.
    const all = [...(dialog.current?.querySelectorAll<HTMLElement>(REACHED) ?? [])];
    const edge = event.shiftKey ? all[0] : all.at(-1);
    if (document.activeElement !== edge && document.activeElement !== dialog.current) return;
    event.preventDefault();
    (event.shiftKey ? all.at(-1) : all[0])?.focus();
  };
  return (
    <div className="veil">
      <button type="button" className="outside" tabIndex={-1} aria-hidden="true" onClick={close} />
      <div
        ref={dialog}
        className={`sheet ${className}`}
        role="dialog"
        aria-modal="true"
        aria-label={title}
        tabIndex={-1}
        onKeyDown={pressed}
      >
        {children}
      </div>
    </div>
  );
}
