import { useCallback, useEffect, useState } from 'react';
import * as sim from './sim';

const EVERY = 2000;

interface World {
  people: sim.Person[];
  apps: sim.App[];
}

/** People, apps and the person's messages, looked at again and again. */
export function useWorld(chosen: string) {
  const [world, setWorld] = useState<World>();
  const [inbox, setInbox] = useState<{ of: string; messages: sim.Message[] }>({ of: '', messages: [] });
  const [isDown, setDown] = useState(false);
  const person = world?.people.find(({ id, name }) => id === chosen || name === chosen) ?? world?.people[0];
  const id = person?.id;

  const look = useCallback(async () => {
    try {
      const [people, apps] = await Promise.all([sim.people(), sim.apps()]);
      setWorld((before) => same(before, { people, apps }));
      if (id) {
        const messages = await sim.messages(id);
        setInbox((before) => same(before, { of: id, messages }));
      }
      setDown(false);
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

  return { world, person, messages: inbox.of === id ? inbox.messages : [], isDown, look };
}

/** The one before when nothing has changed, so that nothing is drawn again. */
function same<T>(before: T | undefined, now: T): T {
  return before && JSON.stringify(before) === JSON.stringify(now) ? before : now;
}
