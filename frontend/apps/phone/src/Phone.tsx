import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { Desk } from './Desk';
import { Handset } from './Handset';
import { Program } from './Program';
import { Language as LanguageContext, PhoneContext, type PhoneTools } from './phone-context';
import { NoPicture, pictureIn, read } from './picture';
import { Scan } from './Scan';
import { Services } from './Services';
import { Tabs } from './Tabs';
import { useCommands } from './useCommands';
import { useWorld } from './useWorld';
import { View } from './View';
import { firstLanguage, type Language, TAGS, WORDS } from './words';

/** What lies over the tabs. */
export type Screen =
  | { name: 'services' }
  | { name: 'scan'; says?: string; trouble?: string }
  | { name: 'program'; appid: string }
  | { name: 'view'; url: string; number: number };

export function Phone() {
  const [language, setLanguage] = useState<Language>(firstLanguage);
  const [chosen, setChosen] = useState(() => new URLSearchParams(location.search).get('user') ?? '');
  const [screen, setScreen] = useState<Screen>();
  const [toast, setToast] = useState({ text: '', number: 0 });
  const [seen, setSeen] = useState<Record<string, number>>({});
  const { world, person, messages, isDown, look } = useWorld(chosen);
  const words = WORDS[language];
  const count = useRef(0);

  useEffect(() => {
    document.documentElement.lang = TAGS[language];
    document.title = WORDS[language].title;
  }, [language]);

  const say = useCallback((text: string) => {
    count.current += 1;
    setToast({ text, number: count.current });
  }, []);

  const scan = useCallback((content: string) => {
    const text = content.trim();
    if (!text) return;
    count.current += 1;
    const isAddress = /^https?:\/\/\S+$/i.test(text);
    setScreen(isAddress ? { name: 'view', url: text, number: count.current } : { name: 'scan', says: text });
  }, []);

  const scanPicture = useCallback(
    async (file: Blob) => {
      setScreen({ name: 'scan' });
      say(words.reading);
      try {
        const content = await read(file);
        if (content === null) setScreen({ name: 'scan', trouble: words.noCode });
        else scan(content);
      } catch (failure) {
        if (!(failure instanceof NoPicture)) throw failure;
        setScreen({ name: 'scan', trouble: words.noPicture });
      } finally {
        say('');
      }
    },
    [scan, say, words],
  );

  const choose = useCallback(
    (user: string) => {
      const found = world?.people.find(({ id, name }) => id === user || name === user);
      if (!found) {
        if (world) say(words.noPerson(user));
        else setChosen(user);
        return;
      }
      setChosen(found.id);
      setScreen(undefined);
      say(words.switched(found.nickname));
    },
    [world, say, words],
  );

  const isUnknown = chosen !== '' && person !== undefined && chosen !== person.id && chosen !== person.name;
  useEffect(() => {
    if (!isUnknown) return;
    say(words.noPerson(chosen));
    setChosen('');
  }, [isUnknown, chosen, words, say]);

  useCommands({
    scan,
    user: choose,
    language: setLanguage,
    messages: () => setScreen({ name: 'services' }),
  });
  const isOver = useDrops(scan, scanPicture);

  // Who looks at the messages has seen them.
  const shown = screen?.name === 'services';
  const id = person?.id ?? '';
  useEffect(() => {
    if (shown) setSeen((before) => ({ ...before, [id]: messages.length }));
  }, [shown, id, messages.length]);

  const home = useCallback(() => setScreen(undefined), []);
  const tools = useMemo<PhoneTools | undefined>(
    () =>
      person &&
      world && {
        words,
        person,
        people: world.people,
        apps: world.apps,
        messages,
        unread: Math.max(0, messages.length - (seen[person.id] ?? 0)),
        choose,
        scan,
        scanPicture,
        say,
        go: setScreen,
        home,
        look,
      },
    [words, person, world, messages, seen, choose, scan, scanPicture, say, home, look],
  );

  return (
    <LanguageContext value={{ language, setLanguage }}>
      <Handset words={words} toast={toast} isDown={isDown} isOver={isOver}>
        {tools ? (
          <PhoneContext value={tools}>
            <Tabs isCovered={screen !== undefined} />
            {screen?.name === 'services' && <Services />}
            {screen?.name === 'scan' && <Scan says={screen.says} trouble={screen.trouble} />}
            {screen?.name === 'program' && <Program key={person?.id} appid={screen.appid} />}
            {screen?.name === 'view' && <View key={`${screen.number} ${person?.id}`} url={screen.url} />}
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

/** A picture or a link that is dropped anywhere, or pasted outside a field, is scanned. Tells whether one hangs above. */
function useDrops(scan: (content: string) => void, scanPicture: (file: Blob) => void): boolean {
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    const take = (data: DataTransfer | null): boolean => {
      const file = pictureIn(data);
      const text = data?.getData('text/plain') ?? '';
      if (file) scanPicture(file);
      else if (text) scan(text);
      return file !== null || text !== '';
    };
    const over = (event: DragEvent) => {
      event.preventDefault();
      setOver(true);
    };
    const left = (event: DragEvent) => {
      if (event.relatedTarget === null) setOver(false);
    };
    const drop = (event: DragEvent) => {
      event.preventDefault();
      setOver(false);
      take(event.dataTransfer);
    };
    const paste = (event: ClipboardEvent) => {
      const isField = event.target instanceof HTMLInputElement;
      if (isField && !pictureIn(event.clipboardData)) return;
      if (take(event.clipboardData)) event.preventDefault();
    };
    window.addEventListener('dragover', over);
    window.addEventListener('dragleave', left);
    window.addEventListener('drop', drop);
    window.addEventListener('paste', paste);
    return () => {
      window.removeEventListener('dragover', over);
      window.removeEventListener('dragleave', left);
      window.removeEventListener('drop', drop);
      window.removeEventListener('paste', paste);
    };
  }, [scan, scanPicture]);
  return isOver;
}
