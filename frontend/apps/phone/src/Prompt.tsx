import { useState } from 'react';
import { Picture } from './icons';
import { usePhone } from './phone-context';
import { Sheet } from './Sheet';
import type { App } from './sim';

/** `wx.requestSubscribeMessage`, as a person sees it. */
export function Prompt({ app, answer }: { app: App; answer(accepted: string[], isAlways: boolean): void }) {
  const { words } = usePhone();
  const [ticked, setTicked] = useState(() => app.templates.map(({ id }) => id));
  const [isAlways, setAlways] = useState(false);
  const tick = (id: string) =>
    setTicked((before) => (before.includes(id) ? before.filter((one) => one !== id) : [...before, id]));
  return (
    <Sheet title={`${app.name} ${words.asks}`} close={() => answer([], false)}>
      <h2 className="asks">
        <Picture name={app.name} seed={app.appid} isRound />
        {app.name} <span>{words.asks}</span>
      </h2>
      <ul className="ticks">
        {app.templates.map(({ id, title, kind }) => (
          <li key={id}>
            <label>
              <input type="checkbox" checked={ticked.includes(id)} onChange={() => tick(id)} />
              <span className="two">
                <span>{title || id}</span>
                <small>{kind === 'one_time' ? words.once : words.lasting}</small>
              </span>
            </label>
          </li>
        ))}
      </ul>
      <label className="always">
        <input type="checkbox" checked={isAlways} onChange={() => setAlways(!isAlways)} />
        {words.always}
      </label>
      <div className="answers">
        <button type="button" onClick={() => answer([], isAlways)}>
          {words.reject}
        </button>
        <button
          type="button"
          className="yes"
          disabled={ticked.length === 0}
          onClick={() => answer(ticked, isAlways)}
        >
          {words.allow}
        </button>
      </div>
    </Sheet>
  );
}
