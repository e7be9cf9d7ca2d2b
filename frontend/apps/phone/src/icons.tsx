import { useState } from 'react';
import { isHere } from './commands';
import { firstLetter } from './names';
import type { Person } from './sim';

/** Line drawings of 24 by 24; what they mean is said beside them. */
const PATHS = {
  chats:
    'M4 11.5C4 7.9 7.6 5 12 5s8 2.9 8 6.5-3.6 6.5-8 6.5c-.9 0-1.8-.1-2.6-.3L6 19.5l.7-2.9C5 15.3 4 13.5 4 11.500Z',
  discover: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Zm3.5 5.5-2 5-5 2 2-5 5-2Z',
  me: 'M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM4.5 20c.5-3.6 3.5-5.5 7.5-5.500s7 1.9 7.5 5.500h-15Z',
  scan: 'M4 8V5.500C4 4.7 4.7 4 5.5 4H8m8 0h2.500c.8 0 1.5.7 1.5 1.500V8m0 8v2.500c0 .8-.7 1.5-1.5 1.500H16m-8 0H5.500C4.7 20 4 19.3 4 18.500V16M3.5 12h17',
  back: 'm14.5 5-7 7 7 7',
  close: 'm6 6 12 12M18 6 6 18',
  more: 'M5.5 12h.01M12 12h.01M18.5 12h.01',
  next: 'm9.5 6 6 6-6 6',
  program:
    'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Zm-3.5 11a1.5 1.5 0 1 0 1.9 1.400c.1-.4.1-6.4.1-6.400A1.9 1.9 0 1 1 13 10.5',
  reload: 'M18.5 9A7 7 0 1 0 19 13.500M19 4.500V9h-4.5',
  add: 'M12 5v14M5 12h14',
  bell: 'M6.5 16.500V11a5.5 5.5 0 0 1 11 0v5.500l1.5 1.500H5l1.5-1.500ZM10 20.500h4',
} as const;

export function Icon({ name }: { name: keyof typeof PATHS }) {
  return (
    <svg className={`icon ${name}`} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** Somebody's photo: what is on this machine is shown, and WeChat's, which nobody can fetch, is a letter. */
export function Face({ person }: { person: Person }) {
  const isShown = /^data:image\//.test(person.avatar) || isHere(person.avatar);
  return <Picture name={person.nickname} seed={person.id} {...(isShown && { src: person.avatar })} />;
}

/** Colours on which white text can be read. */
const GROUNDS = ['#07793d', '#1f5fa8', '#8a4b08', '#7a3e9d', '#a3344f', '#0b6e75', '#5a5f12'];

interface Props {
  name: string;
  seed: string;
  isRound?: boolean;
  src?: string;
}

/** A picture made of the first letter, so that nothing is fetched from elsewhere. */
export function Picture({ name, seed, isRound, src }: Props) {
  const [failed, setFailed] = useState<string>();
  if (src !== undefined && src !== failed)
    return <img className="picture" src={src} alt="" onError={() => setFailed(src)} />;
  const sum = [...seed].reduce((all, letter) => (all * 31 + (letter.codePointAt(0) ?? 0)) >>> 0, 7);
  const style = { background: GROUNDS[sum % GROUNDS.length] };
  return (
    <span className={isRound ? 'picture round' : 'picture'} style={style} aria-hidden="true">
      {firstLetter(name)}
    </span>
  );
}
