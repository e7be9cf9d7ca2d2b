import { useCallback, useEffect, useState } from 'react';
import * as sim from './sim';

const EVERY = 2000;
/** Clocks that differ by less are the same. */
const SAME_TIME = 1500;

interface World {
  people: sim.Person[];
  apps: sim.App[];
}

/** People, apps, the simulator's clock and the person's messages, looked at again and again. */
export function useWorld(chosen: string) {
  const [world, setWorld] = useState<World>();
  const [inbox, setInbox] = useState<{ of: string; messages: sim.Message[] }>({ of: '', messages: [] });
  const [ahead, setAhead] = useState(0);
  const [isDown, setDown] = useState(false);
  const person = world?.people.find(({ id, name }) => id === chosen || name === chosen) ?? world?.people[0];
  const id = person?.id;

  const look = useCallback(async () => {
    try {
      const [people, apps, now] = await Promise.all([sim.people(), sim.apps(), sim.now()]);
      setDown(false);
      setWorld((before) => same(before, { people, apps }));
      setAhead((before) => nearly(before, now - Date.now()));
      if (id) {
        const messages = await sim.messages(id);
        setInbox((before) => same(before, { of: id, messages }));
      }
    } catch (failure) {
      // A refusal is of somebody who has just gone; the next look finds another.
      setDown(failure instanceof sim.Down);
    }
  }, [id]);

  useEffect(() => {
    let timer = 0;
    let isOver = false;
    const again = async () => {
      if (!document.hidden) await look();
      if (!isOver) timer = window.setTimeout(again, EVERY);
    };
    again();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [look]);

  return { world, person, messages: inbox.of === id ? inbox.messages : undefined, ahead, isDown, look };
}

/** The one before when nothing has changed, so that nothing is drawn again. */
export function same<T>(before: T | undefined, now: T): T {
  return before && JSON.stringify(before) === JSON.stringify(now) ? before : now;
}

/** A clock that was not pushed differs only by what the answer took. */
export function nearly(before: number, now: number): number {
  return Math.abs(before - now) < SAME_TIME ? before : now;
}
