import type { Words } from './words';

interface Props {
  simulator: string;
  /** Whether all has been tried. */
  isAll: boolean;
  words: Words;
}

/** Where to go from here. Files are named, as nobody serves them here. */
export function Onward({ simulator, isAll, words }: Props) {
  return (
    <section className={isAll ? 'onward all' : 'onward'}>
      <h2>{isAll ? words.allDone : words.onward}</h2>
      <ul>
        <li>
          <a href="/docs/">{words.api}</a>
        </li>
        <li>
          <a href={`${simulator}/_sim/`}>{words.simulator}</a>
        </li>
        {words.files.map(([name, path]) => (
          <li key={path}>
            {name}: <code>{path}</code>
          </li>
        ))}
      </ul>
    </section>
  );
}
