import { useMemo, useRef, useState } from 'react';
import type { Session } from './session';
import { useEvery } from './useEvery';
import { type Lead, type Message, type Person, Refused, World } from './world';

/** Whose phone it is: the user of the site, who is also its sales person. */
export const OWNER = 'alice';

const LOOK_EVERY = 1500;
/** Every so many rounds all is looked at; the log of a demo that is left alone stays short. */
const SELDOM = 20;
/** For so many rounds after something was done, what may come of it is looked at. */
const SOON = 8;

/** What there is to be seen at the server and the simulator, and whether they answer. */
export function useWorld(session: Session, renewed: (session: Session) => void) {
  const world = useMemo(() => new World(session, renewed), [session, renewed]);
  const [apps, setApps] = useState<Record<string, string>>({});
  const [owner, setOwner] = useState<Person>();
  const [until, setUntil] = useState(0);
  const [leads, setLeads] = useState<Lead[]>([]);
  const [messages, setMessages] = useState<Message[]>([]);
  const [isDown, setDown] = useState(false);
  const rounds = useRef({ done: 0, login: 1, leads: 1 });

  const isDue = (what: 'login' | 'leads') => {
    const left = rounds.current[what];
    rounds.current[what] = Math.max(0, left - 1);
    return left > 0 || rounds.current.done % SELDOM === 0;
  };
  const looks = [
    () => world.isThere(),
    async () => {
      if (owner) return;
      const [known, people] = await Promise.all([world.apps(), world.people()]);
      setApps(known);
      setOwner(people.find(({ name }) => name === OWNER));
    },
    async () => {
      const openid = owner?.openids[apps.official ?? ''];
      if (openid && isDue('login')) setUntil(await world.loggedInUntil(openid));
    },
    async () => {
      if (!isDue('leads')) return;
      setLeads(await world.leads());
      setMessages(await world.messages());
    },
  ];
  useEvery(LOOK_EVERY, looks, (failures) => {
    rounds.current.done += 1;
    const isAway = failures.some((failure) => !(failure instanceof Refused));
    setDown(isAway);
    if (isAway) Object.assign(rounds.current, { login: 1, leads: 1 });
  });

  return {
    world,
    apps,
    owner,
    until,
    leads,
    messages,
    isDown,
    /** Something is about to happen: a login on the phone, or a lead and the message about it. */
    expect: (what: 'login' | 'leads') => {
      rounds.current[what] = SOON;
    },
  };
}
