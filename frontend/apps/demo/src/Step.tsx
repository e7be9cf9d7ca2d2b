import type { ReactNode } from 'react';
import type { Words } from './words';

interface Props {
  number: number;
  title: string;
  text: string;
  isDone: boolean;
  /** What happened: the call and what came of it. */
  happened: string;
  /** The same in an application of one's own. */
  code: string;
  words: Words;
  children: ReactNode;
}

/** One thing to try. It is done when the server says so, not when a button was pressed. */
export function Step({ number, title, text, isDone, happened, code, words, children }: Props) {
  return (
    <li className={isDone ? 'step done' : 'step'}>
      <h2>
        <span className="number" aria-hidden="true">
          {isDone ? '✓' : number}
        </span>
        {title} {isDone && <span className="hidden">{words.done}</span>}
      </h2>
      <p>{text}</p>
      {children}
      <p className="happened" role="status">
        {isDone && happened}
      </p>
      <details>
        <summary>{words.how}</summary>
        {/* Long lines scroll, for the keyboard too. */}
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
        <pre tabIndex={0}>
          <code>{code}</code>
        </pre>
      </details>
    </li>
  );
}
