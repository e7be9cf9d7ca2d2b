import { useState } from 'react';
import { Icon } from './icons';
import { usePhone } from './phone-context';
import { Sheet } from './Sheet';

/** `wx.previewImage`: pictures of a page, one after another. A press on one closes it, as in WeChat. */
export function Preview({ current, urls, close }: { current: string; urls: string[]; close(): void }) {
  const { words } = usePhone();
  const [at, setAt] = useState(() => Math.max(0, urls.indexOf(current)));
  const title = words.picture(at + 1, urls.length);
  const turn = (by: number) => setAt((before) => (before + by + urls.length) % urls.length);
  const pressed = (event: React.KeyboardEvent) => {
    if (event.key === 'ArrowLeft') turn(-1);
    if (event.key === 'ArrowRight') turn(1);
  };
  return (
    <Sheet title={title} close={close} className="preview">
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the buttons do what the arrow keys do */}
      <div className="pictures" onKeyDown={pressed}>
        <button type="button" className="shows" onClick={close} aria-label={words.close}>
          <img src={urls[at]} alt={title} referrerPolicy="no-referrer" />
        </button>
        {urls.length > 1 && (
          <p>
            <button type="button" className="tool" onClick={() => turn(-1)} aria-label={words.before}>
              <Icon name="back" />
            </button>
            <span>
              {at + 1} / {urls.length}
            </span>
            <button type="button" className="tool" onClick={() => turn(1)} aria-label={words.after}>
              <Icon name="next" />
            </button>
          </p>
        )}
      </div>
    </Sheet>
  );
}
