import type { ReactNode } from 'react';
import type { Words } from './words';

interface Props {
  number: number;
  title: string;
  text: string;
  isDone: boolean;
  /** Whether it is the one to be tried now. */
  isNext: boolean;
  /** What has gone wrong, or nothing. */
  trouble: string;
  /** What Weir did. */
  happened: string;
  /** With which calls. */
  calls: string;
  /** The same in an application of one's own. */
  code: string;
  words: Words;
  children: ReactNode;
}

/** One thing to try. */
export function Step({
  number,
  title,
  text,
  isDone,
  isNext,
  trouble,
  happened,
  calls,
  code,
  words,
  children,
}: Props) {
  return (
    <li
      className={isDone ? 'step done' : isNext ? 'step next' : 'step'}
      {...(isNext && { 'aria-current': 'step' })}
    >
      <h2>
        <span className="number" aria-hidden="true">
          {isDone ? '✓' : number}
        </span>
        {title} {isDone && <span className="hidden">{words.done}</span>}
      </h2>
      <p>{text}</p>
      {children}
      <p role="alert" className="trouble">
        {trouble}
      </p>
      <p className="happened" role="status">
        {isDone && (
          <>
            {happened} <code>{calls}</code>
          </>
        )}
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
