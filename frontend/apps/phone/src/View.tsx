import { use, useCallback, useEffect, useRef, useState } from 'react';
import { useHearing } from '../../../shared/useHearing';
import { type Share, toldBy } from './from-page';
import { Icon } from './icons';
import { NotShown } from './NotShown';
import { Preview } from './Preview';
import { Language, usePhone } from './phone-context';
import { Down, findView, NoViews, Refused, viewOf } from './sim';
import { useArrival } from './useArrival';
import { useBlocked } from './useBlocked';
import { tell } from './useCommands';
import { ViewMenu } from './ViewMenu';
import { follow, host } from './visited';

interface Shown {
  /** Where the frame begins; a page that is loaded again has another number. */
  view: string;
  number: number;
}

const LONGEST_LOAD = 30_000;

type Over = { name: 'menu' } | { name: 'card' } | { name: 'preview'; current: string; urls: string[] };

/** WeChat's browser: a page on the person's phone, which the simulator carries there. */
export function View({ url: start }: { url: string }) {
  const { words, person, home, lend, isLent, scan } = usePhone();
  const { language } = use(Language);
  const [shown, setShown] = useState<Shown>();
  const [visited, setVisited] = useState<string[]>([start]);
  const [title, setTitle] = useState('');
  const [share, setShare] = useState<Share>();
  const [failure, setFailure] = useState<Down | NoViews | Refused>();
  const [isLoading, setLoading] = useState(true);
  const [over, setOver] = useState<Over>();
  const frame = useRef<HTMLIFrameElement>(null);
  const closing = useArrival();
  const url = visited.at(-1) ?? start;
  const spoken = useRef(language);

  const load = useCallback(
    async (address: string) => {
      setFailure(undefined);
      setLoading(true);
      try {
        const view = await viewOf(person.id, address, spoken.current);
        await findView(view);
        setShown((before) => ({ view, number: (before?.number ?? 0) + 1 }));
      } catch (failure) {
        if (!(failure instanceof Down || failure instanceof NoViews || failure instanceof Refused))
          throw failure;
        setLoading(false);
        setShown(undefined);
        setFailure(failure);
      }
    },
    [person.id],
  );
  useEffect(() => {
    load(start);
  }, [start, load]);

  // The page stays as it is; the next one is in the new language.
  useEffect(() => {
    if (spoken.current === language) return;
    spoken.current = language;
    viewOf(person.id, start, language).catch(() => undefined);
  }, [person.id, start, language]);

  useHearing((event) => {
    if (event.source === null || event.source !== frame.current?.contentWindow) return;
    const told = toldBy(event.data);
    if (told?.type === 'at') {
      setTitle(told.title);
      setVisited((before) => follow(before, told.url, told.replaced));
      tell({ type: 'weir:phone-page', url: told.url, title: told.title });
    } else if (told?.type === 'failed') {
      // Another page than the one before did not open.
      const { url: failed } = told;
      if (failed !== undefined) setVisited((before) => follow(before, failed));
      setFailure(new Refused('', told.status));
    } else if (told?.type === 'share') setShare(told.share);
    else if (told?.type === 'close') home();
    else if (told?.type === 'leaving') setLoading(true);
    else if (told?.type === 'preview') setOver({ name: 'preview', current: told.current, urls: told.urls });
    else if (told?.type === 'scan') {
      const { source, origin } = event;
      lend((content) => {
        // As before, it is the page that has asked and no other.
        if (source !== frame.current?.contentWindow) return;
        (source as Window).postMessage({ type: 'weir:scanned', id: told.id, content }, origin);
        if (content !== null && !told.isWanted) scan(content);
      });
    }
  });

  useBlocked((address) => {
    setVisited((before) => follow(before, address));
    setFailure(new Refused('', 403));
  });
  // A page that said it would leave, but only had a file saved, is done too.
  useEffect(() => {
    if (!isLoading) return;
    const timer = setTimeout(() => setLoading(false), LONGEST_LOAD);
    return () => clearTimeout(timer);
  }, [isLoading]);

  const page = url.split('#')[0];
  // Another page sets a card of its own or none.
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is about the page's change
  useEffect(() => setShare(undefined), [page]);

  const goBack = () => {
    const before = visited.slice(0, -1);
    const last = before.at(-1);
    if (last === undefined) return home();
    setVisited(before);
    load(last);
  };
  const leave = (event: React.KeyboardEvent) => {
    if (event.key === 'Escape' && !event.defaultPrevented) goBack();
  };
  const close = () => setOver(undefined);

  return (
    <section className="screen view" aria-label={title || host(url)} onKeyDown={leave} inert={isLent}>
      <header>
        <button ref={closing} type="button" className="tool" onClick={home} aria-label={words.close}>
          <Icon name="close" />
        </button>
        <h1 dir="auto">{title || host(url)}</h1>
        <button
          type="button"
          className="tool"
          onClick={() => setOver({ name: 'menu' })}
          aria-label={words.more}
        >
          <Icon name="more" />
        </button>
      </header>
      {isLoading && <div className="loading" role="progressbar" aria-label={words.loading} />}
      <div className="page">
        {shown && (
          <iframe
            hidden={failure !== undefined}
            key={shown.number}
            ref={frame}
            src={shown.view}
            title={title || words.page}
            sandbox="allow-downloads allow-forms allow-modals allow-popups allow-same-origin allow-scripts"
            onLoad={() => setLoading(false)}
          />
        )}
        {failure && <NotShown failure={failure} url={url} />}
      </div>
      <div className="below browse">
        <button type="button" className="tool" onClick={goBack} aria-label={words.back}>
          <Icon name="back" />
        </button>
        <button type="button" className="tool" onClick={() => load(url)} aria-label={words.reload}>
          <Icon name="reload" />
        </button>
      </div>
      {(over?.name === 'menu' || over?.name === 'card') && (
        <ViewMenu
          url={url}
          title={title || host(url)}
          share={share}
          isCard={over.name === 'card'}
          showCard={() => setOver({ name: 'card' })}
          close={close}
        />
      )}
      {over?.name === 'preview' && <Preview current={over.current} urls={over.urls} close={close} />}
    </section>
  );
}
