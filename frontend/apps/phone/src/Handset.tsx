import { type ReactNode, useEffect, useState } from 'react';
import { clock } from './when';
import type { Words } from './words';

interface Props {
  words: Words;
  toast: { text: string; number: number };
  isDown: boolean;
  /** How far the simulator's clock is ahead of the browser's. */
  ahead: number;
  /** Something to scan hangs above the page. */
  isOver: boolean;
  children: ReactNode;
}

/** The thing one holds: its edge, the line with the clock, and what is said for a moment. */
export function Handset({ words, toast, isDown, isOver, ahead, children }: Props) {
  return (
    <main className="handset" aria-label={words.phone}>
      <div className="glass">
        <div className="bar" aria-hidden="true">
          <Clock ahead={ahead} />
          <span className="island" />
          <svg className="signal" viewBox="0 0 44 12" aria-hidden="true">
            <path d="M1 9v3M5 6v6M9 3v9M13 0v12" />
            <rect x="20.5" y="1" width="19" height="10" rx="3" />
            <rect x="22.5" y="3" width="13" height="6" rx="1.5" className="charge" />
            <path d="M42.5 4.500v3" />
          </svg>
        </div>
        {isDown && (
          <p className="down" role="alert">
            {words.down}
          </p>
        )}
        <div className="app">{children}</div>
        <div className="toast" role="status">
          {toast.text && (
            <span
              key={toast.number}
              className={toast.text === words.reading ? 'stays' : undefined}
              style={{ animationDuration: `${Math.max(2.5, toast.text.length / 18)}s` }}
            >
              {toast.text}
            </span>
          )}
        </div>
        {isOver && <div className="over">{words.dropHere}</div>}
      </div>
    </main>
  );
}

function Clock({ ahead }: { ahead: number }) {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 10_000);
    return () => clearInterval(timer);
  }, []);
  return <span>{clock(now + ahead)}</span>;
}
