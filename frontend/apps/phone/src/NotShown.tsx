import { use } from 'react';
import { Language, usePhone } from './phone-context';
import { type Down, NoViews, type Refused, tabOf } from './sim';
import { explain } from './trouble';

/** In a page's place: why it is not there, and how to go on. */
export function NotShown({ failure, url }: { failure: Down | NoViews | Refused; url: string }) {
  const { words, person } = usePhone();
  const { language } = use(Language);
  return (
    <div className="refused" role="alert">
      <h2>{words.refused}</h2>
      <p>{explain(failure, url, words)}</p>
      {failure instanceof NoViews && (
        <>
          <p>{words.noViewsHow(person.nickname)}</p>
          <p>
            <a className="main" href={tabOf(person.id, url, language)} target="_blank" rel="noopener">
              {words.openTab}
            </a>
          </p>
        </>
      )}
      <p>
        <code>{url}</code>
      </p>
    </div>
  );
}
