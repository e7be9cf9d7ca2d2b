import { Face, Icon, Picture } from './icons';
import { LanguageChoice } from './LanguageChoice';
import { usePhone } from './phone-context';
import { titleOf } from './titles';
import { traits } from './traits';
import { briefly } from './when';
import type { Words } from './words';

const TABS = ['chats', 'discover', 'me'] as const;
export type Tab = (typeof TABS)[number];

interface Props {
  tab: Tab;
  choose(tab: Tab): void;
  /** A screen lies over them. */
  isCovered: boolean;
}

/** WeChat's own screens. */
export function Tabs({ tab, choose, isCovered }: Props) {
  const { words, unread, go } = usePhone();
  return (
    <div className="tabs" inert={isCovered}>
      <section className="screen" aria-label={words[tab]}>
        <header>
          <span className="tool" />
          <h1>{words[tab]}</h1>
          <button type="button" className="tool" onClick={() => go({ name: 'scan' })} aria-label={words.scan}>
            <Icon name="scan" />
          </button>
        </header>
        <div className="body">
          {tab === 'chats' && <Chats />}
          {tab === 'discover' && <Discover />}
          {tab === 'me' && <Me />}
        </div>
      </section>
      <nav className="below">
        {TABS.map((name) => (
          <button
            key={name}
            type="button"
            aria-current={name === tab ? 'page' : undefined}
            onClick={() => choose(name)}
          >
            <Icon name={name} />
            {words[name]}
            {name === 'chats' && <Badge count={unread} words={words} />}
          </button>
        ))}
      </nav>
    </div>
  );
}

function Badge({ count, words }: { count: number; words: Words }) {
  if (count === 0) return null;
  return (
    <span className="badge" role="img" aria-label={words.unread(count)}>
      {count > 99 ? '99+' : count}
    </span>
  );
}

function Chats() {
  const { words, messages, unread, apps, now, go } = usePhone();
  const last = messages.at(-1);
  return (
    <ul className="rows">
      <li>
        <button type="button" className="row chat" onClick={() => go({ name: 'services' })}>
          <span className="picture bell" aria-hidden="true">
            <Icon name="bell" />
          </span>
          <span className="two">
            <strong>{words.services}</strong>
            <small>{last ? titleOf(last, apps) : words.noMessages}</small>
          </span>
          {last && <time>{briefly(last.at, now())}</time>}
          <Badge count={unread} words={words} />
        </button>
      </li>
      {messages.length === 0 && (
        <li className="hint">
          <p>{words.scanHow}</p>
          <button type="button" className="main" onClick={() => go({ name: 'scan' })}>
            {words.scan}
          </button>
        </li>
      )}
    </ul>
  );
}

function Discover() {
  const { words, apps, go } = usePhone();
  const programs = apps.filter(({ kind }) => kind === 'mini_program');
  return (
    <>
      <ul className="rows">
        <li>
          <button type="button" className="row" onClick={() => go({ name: 'scan' })}>
            <Icon name="scan" />
            <span>{words.scan}</span>
            <Icon name="next" />
          </button>
        </li>
      </ul>
      <h2>{words.programs}</h2>
      <ul className="rows">
        {programs.map(({ appid, name }) => (
          <li key={appid}>
            <button type="button" className="row" onClick={() => go({ name: 'program', appid })}>
              <Picture name={name} seed={appid} isRound />
              <span>{name}</span>
              <Icon name="next" />
            </button>
          </li>
        ))}
        {programs.length === 0 && <li className="row">{words.noPrograms}</li>}
      </ul>
    </>
  );
}

function Me() {
  const { words, person, people, choose, go } = usePhone();
  return (
    <>
      <div className="card-of-me">
        <Face person={person} />
        <span className="two">
          <strong dir="auto">{person.nickname}</strong>
          <small>
            {person.name} · {person.phone ?? words.noPhone}
          </small>
        </span>
        <button type="button" className="quiet" onClick={() => go({ name: 'person', of: person.id })}>
          {words.edit}
        </button>
      </div>
      <h2 id="whose">{words.person}</h2>
      <ul className="rows" aria-labelledby="whose">
        {people.map((one) => (
          <li key={one.id}>
            <button
              type="button"
              className="row"
              aria-pressed={one.id === person.id}
              onClick={() => choose(one.id)}
            >
              <Face person={one} />
              <span className="two">
                <span dir="auto">{one.nickname}</span>
                <small>{[one.name, ...traits(one, words)].join(' · ')}</small>
              </span>
              {one.id === person.id && <span className="chosen" aria-hidden="true" />}
            </button>
          </li>
        ))}
        <li>
          <button type="button" className="row" onClick={() => go({ name: 'person' })}>
            <span className="picture add" aria-hidden="true">
              <Icon name="add" />
            </span>
            <span>{words.add}</span>
          </button>
        </li>
      </ul>
      <ul className="rows">
        <li>
          <LanguageChoice className="row" />
        </li>
        <li>
          <a className="row" href="/_sim/" target="_blank" rel="noopener">
            <span>{words.control}</span>
            <Icon name="next" />
          </a>
        </li>
      </ul>
    </>
  );
}
