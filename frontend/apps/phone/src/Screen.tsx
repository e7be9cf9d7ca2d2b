import { type ReactNode, useEffect } from 'react';
import { Icon } from './icons';
import { usePhone } from './phone-context';
import { useArrival } from './useArrival';

interface Props {
  title: string;
  className?: string;
  /** Beside the title, at its right. */
  action?: ReactNode;
  back?: () => void;
  children: ReactNode;
}

/** A screen over the tabs, with its title and the way back; Escape leads back too. */
export function Screen({ title, className, action, back, children }: Props) {
  const { words, home } = usePhone();
  const leave = back ?? home;
  const first = useArrival();
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.key === 'Escape' && !event.defaultPrevented) leave();
    };
    window.addEventListener('keydown', pressed);
    return () => window.removeEventListener('keydown', pressed);
  }, [leave]);
  return (
    <section className={`screen ${className ?? ''}`} aria-label={title}>
      <header>
        <button ref={first} type="button" className="tool" onClick={leave} aria-label={words.back}>
          <Icon name="back" />
        </button>
        <h1>{title}</h1>
        {action ?? <span className="tool" />}
      </header>
      {children}
    </section>
  );
}
