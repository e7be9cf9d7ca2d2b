import { useCallback, useEffect, useRef, useState } from 'react';
import { copy } from './copy';
import { Icon } from './icons';
import { usePhone } from './phone-context';
import { Sheet } from './Sheet';
import { Down, Refused, viewOf } from './sim';
import { useArrival } from './useArrival';
import { useBlocked } from './useBlocked';
import { tell } from './useCommands';
import type { Words } from './words';

interface Share {
  title?: string;
  desc?: string;
  link?: string;
}

interface Shown {
  /** Where the frame begins; a page that is loaded again has another number. */
  view: string;
  number: number;
}

/** WeChat's browser: a page on the person's phone, which the simulator carries there. */
export function View({ url: start }: { url: string }) {
  const { words, person, home, say } = usePhone();
  const [shown, setShown] = useState<Shown>();
  const [visited, setVisited] = useState<string[]>([start]);
  const [title, setTitle] = useState('');
  const [share, setShare] = useState<Share>();
  const [failure, setFailure] = useState<Down | Refused>();
  const [isLoading, setLoading] = useState(true);
  const [sheet, setSheet] = useState<'menu' | 'card'>();
  const frame = useRef<HTMLIFrameElement>(null);
  const closing = useArrival();
  const url = visited.at(-1) ?? start;

  const load = useCallback(
    async (address: string) => {
      setFailure(undefined);
      setLoading(true);
      try {
        const view = await viewOf(person.id, address);
        setShown((before) => ({ view, number: (before?.number ?? 0) + 1 }));
      } catch (failure) {
        if (!(failure instanceof Down || failure instanceof Refused)) throw failure;
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
  useEffect(() => {
    const heard = ({ source, data }: MessageEvent) => {
      if (source !== frame.current?.contentWindow) return;
      if (data?.type === 'weir:view' && typeof data.url === 'string') {
        setTitle(String(data.title ?? ''));
        setVisited((before) => follow(before, data.url, data.replaced === true));
        tell({ type: 'weir:phone-page', url: data.url, title: String(data.title ?? '') });
      }
      if (data?.type === 'weir:view-failed') {
        // Another page than the one before did not open.
        if (typeof data.url === 'string') setVisited((before) => follow(before, data.url));
        setFailure(new Refused('', Number(data.status)));
      }
      if (data?.type === 'weir:share') setShare(cardOf(data.share));
    };
    window.addEventListener('message', heard);
    return () => window.removeEventListener('message', heard);
  }, []);

  useBlocked((address) => {
    setVisited((before) => follow(before, address));
    setFailure(new Refused('', 403));
  });

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
  const copyLink = async () => {
    setSheet(undefined);
    say((await copy(url)) ? words.copied : words.notCopied);
  };
  const leave = (event: React.KeyboardEvent) => {
    if (event.key === 'Escape' && !event.defaultPrevented) goBack();
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Escape is the phone's back button
    <div className="screen view" onKeyDown={leave}>
      <header>
        <button ref={closing} type="button" className="tool" onClick={home} aria-label={words.close}>
          <Icon name="close" />
        </button>
        <h1>{title || host(url)}</h1>
        <button type="button" className="tool" onClick={() => setSheet('menu')} aria-label={words.more}>
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
        {failure && (
          <div className="refused" role="alert">
            <h2>{words.refused}</h2>
            <p>{explain(failure, url, words)}</p>
            <p>
              <code>{url}</code>
            </p>
          </div>
        )}
      </div>
      <div className="below browse">
        <button type="button" className="tool" onClick={goBack} aria-label={words.back}>
          <Icon name="back" />
        </button>
        <button type="button" className="tool" onClick={() => load(url)} aria-label={words.reload}>
          <Icon name="reload" />
        </button>
      </div>
      {sheet === 'menu' && (
        <Sheet title={words.more} close={() => setSheet(undefined)}>
          <p className="whose">{words.provided(host(url))}</p>
          <button type="button" className="choice" onClick={() => setSheet('card')}>
            {words.send}
          </button>
          <button type="button" className="choice" onClick={copyLink}>
            {words.copyLink}
          </button>
          <button type="button" className="choice last" onClick={() => setSheet(undefined)}>
            {words.cancel}
          </button>
        </Sheet>
      )}
      {sheet === 'card' && (
        <Sheet title={words.friendSees} close={() => setSheet(undefined)}>
          <p className="whose">{words.friendSees}</p>
          <article className="shared">
            <h2>{share?.title || title || host(url)}</h2>
            {share?.desc && <p>{share.desc}</p>}
            <small>{share?.link || url}</small>
          </article>
          {!share && <p className="whose">{words.noShare}</p>}
          <button type="button" className="choice last" onClick={() => setSheet(undefined)}>
            {words.close}
          </button>
        </Sheet>
      )}
    </div>
  );
}

function explain(failure: Down | Refused, url: string, words: Words): string {
  if (failure instanceof Down) return words.down;
  if (failure.status === 403) return words.foreign;
  if (failure.status === 502 || failure.status === 504) return words.unreached(host(url));
  return failure.message || `HTTP ${failure.status}`;
}

function host(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}

/** What a page may have put together wrongly. */
function cardOf(share: unknown): Share | undefined {
  if (typeof share !== 'object' || share === null) return undefined;
  const text = (name: string) => {
    const value = (share as Record<string, unknown>)[name];
    return typeof value === 'string' ? value : '';
  };
  return { title: text('title'), desc: text('desc'), link: text('link') };
}

/** The way so far when the page is now at `url`: one further, one back, where it was, or there instead. */
function follow(visited: string[], url: string, replaced = false): string[] {
  if (visited.at(-1) === url) return visited;
  if (replaced) return [...visited.slice(0, -1), url];
  if (visited.at(-2) === url) return visited.slice(0, -1);
  return [...visited, url];
}
