import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { Banner } from './Banner';
import { Desk } from './Desk';
import { Handset } from './Handset';
import { leadsTo } from './leads';
import { PersonForm } from './PersonForm';
import { Program } from './Program';
import { Language as LanguageContext, PhoneContext, type PhoneTools } from './phone-context';
import { NoPicture, read } from './picture';
import { Scan } from './Scan';
import { Services } from './Services';
import type * as sim from './sim';
import { type Tab, Tabs } from './Tabs';
import { useCommands } from './useCommands';
import { useDrops } from './useDrops';
import { useMessages } from './useMessages';
import { useScreen } from './useScreen';
import { useWorld } from './useWorld';
import { View } from './View';
import { firstLanguage, type Language, TAGS, WORDS } from './words';

/** What lies over the tabs. */
export type Screen =
  | { name: 'services' }
  | ({ name: 'scan' } & Seen)
  | { name: 'person'; of?: string }
  | { name: 'program'; appid: string }
  | { name: 'view'; url: string; number: number };

/** What came of holding something to the camera, when that leads nowhere. */
interface Seen {
  says?: string;
  trouble?: string;
}

/** A page that waits for what the camera sees. */
interface Lent extends Seen {
  camera(content: string | null): void;
}

export function Phone() {
  const [language, setLanguage] = useState<Language>(firstLanguage);
  const [chosen, setChosen] = useState(() => new URLSearchParams(location.search).get('user') ?? '');
  const { screen, go: show, home: leave } = useScreen<Screen>();
  const [tab, setTab] = useState<Tab>('chats');
  const [lent, setLent] = useState<Lent>();
  const [toast, setToast] = useState({ text: '', number: 0 });
  const [always, setAlways] = useState<Record<string, string[] | undefined>>({});
  const { world, person, messages, ahead, isDown, look } = useWorld(chosen);
  const words = WORDS[language];
  const count = useRef(0);
  const id = person?.id ?? '';
  const { unread, news } = useMessages(id, messages, screen?.name === 'services');

  useEffect(() => {
    document.documentElement.lang = TAGS[language];
    document.title = WORDS[language].title;
  }, [language]);
  useRemembered(chosen, language);

  const say = useCallback((text: string) => {
    count.current += 1;
    setToast({ text, number: count.current });
  }, []);
  const go = useCallback(
    (next: Screen) => {
      setLent(undefined);
      say('');
      show(next);
    },
    [show, say],
  );
  const home = useCallback(() => {
    setLent(undefined);
    leave();
  }, [leave]);

  const scan = useCallback(
    (content: string) => {
      const found = leadsTo(content);
      if (!found) return;
      if (lent) {
        setLent(undefined);
        lent.camera('url' in found ? found.url : found.says);
        return;
      }
      count.current += 1;
      go(
        'url' in found ? { name: 'view', url: found.url, number: count.current } : { name: 'scan', ...found },
      );
    },
    [go, lent],
  );

  const scanPicture = useCallback(
    async (file: Blob) => {
      const showScan = (seen: Seen) =>
        lent ? setLent({ camera: lent.camera, ...seen }) : go({ name: 'scan', ...seen });
      showScan({});
      say(words.reading);
      try {
        const content = await read(file);
        say('');
        if (content === null) showScan({ trouble: words.noCode });
        else scan(content);
      } catch (failure) {
        if (!(failure instanceof NoPicture)) throw failure;
        say('');
        showScan({ trouble: words.noPicture });
      }
    },
    [scan, say, go, lent, words],
  );

  const choose = useCallback(
    (user: string) => {
      const found = world?.people.find(({ id, name }) => id === user || name === user);
      if (!found) {
        if (world) say(words.noPerson(user));
        else setChosen(user);
        return;
      }
      setChosen(found.name);
      home();
      say(words.switched(found.nickname));
    },
    [world, home, say, words],
  );
  const saved = useCallback(
    async (person: sim.Person) => {
      await look();
      const isNew = !world?.people.some(({ id }) => id === person.id);
      if (isNew) setChosen(person.name);
      home();
      say(isNew ? words.added(person.nickname) : words.saved);
    },
    [world, look, home, say, words],
  );

  // A simulator that was started anew may have forgotten whose phone it was.
  const isUnknown = chosen !== '' && person !== undefined && chosen !== person.id && chosen !== person.name;
  const wasDown = useRef(false);
  useEffect(() => {
    const said = wasDown.current && !isDown ? [words.again] : [];
    wasDown.current = isDown;
    if (isUnknown) {
      said.push(words.noPerson(chosen));
      setChosen('');
      home();
    }
    if (said.length > 0) say(said.join(' '));
  }, [isDown, isUnknown, chosen, words, home, say]);

  useCommands((command) => {
    if (command.type === 'scan') scan(command.content);
    else if (command.type === 'user') choose(command.user);
    else if (command.type === 'language') setLanguage(command.language);
    else go({ name: 'services' });
  });
  const isOver = useDrops(scan, scanPicture);

  const tools = useMemo<PhoneTools | undefined>(
    () =>
      person &&
      world && {
        words,
        person,
        people: world.people,
        apps: world.apps,
        messages: messages ?? [],
        unread,
        now: () => Date.now() + ahead,
        choose,
        saved,
        scan,
        scanPicture,
        say,
        go,
        home,
        look,
        lend: (camera) => setLent({ camera }),
        isLent: lent !== undefined,
        always: (appid) => always[`${person.id} ${appid}`],
        setAlways: (appid, accepted) => setAlways((all) => ({ ...all, [`${person.id} ${appid}`]: accepted })),
      },
    [
      words,
      person,
      world,
      messages,
      unread,
      ahead,
      choose,
      saved,
      scan,
      scanPicture,
      say,
      go,
      home,
      look,
      lent,
      always,
    ],
  );
  const takeBack = () => {
    setLent(undefined);
    lent?.camera(null);
  };

  return (
    <LanguageContext value={{ language, setLanguage }}>
      <Handset words={words} toast={toast} isDown={isDown} isOver={isOver} ahead={ahead}>
        {tools ? (
          <PhoneContext value={tools}>
            <Tabs tab={tab} choose={setTab} isCovered={screen !== undefined} />
            {screen?.name === 'services' && <Services />}
            {screen?.name === 'scan' && <Scan says={screen.says} trouble={screen.trouble} />}
            {screen?.name === 'person' && <PersonForm key={screen.of} of={screen.of} />}
            {screen?.name === 'program' && <Program key={`${screen.appid} ${id}`} appid={screen.appid} />}
            {screen?.name === 'view' && <View key={`${screen.number} ${id}`} url={screen.url} />}
            {lent && <Scan says={lent.says} trouble={lent.trouble} back={takeBack} />}
            <Banner news={news} isListed={screen === undefined && tab === 'chats'} />
          </PhoneContext>
        ) : (
          <p className="empty">{isDown ? words.down : words.loading}</p>
        )}
      </Handset>
      {tools && (
        <PhoneContext value={tools}>
          <Desk />
        </PhoneContext>
      )}
    </LanguageContext>
  );
}

/** A phone that is loaded again is still this person's, and in this language. */
function useRemembered(user: string, language: Language): void {
  useEffect(() => {
    const address = new URL(location.href);
    if (user) address.searchParams.set('user', user);
    else address.searchParams.delete('user');
    address.searchParams.set('lang', language);
    history.replaceState(history.state, '', address);
  }, [user, language]);
}
