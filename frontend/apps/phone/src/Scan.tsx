import { type FormEvent, useRef } from 'react';
import { Icon } from './icons';
import { usePhone } from './phone-context';
import { Screen } from './Screen';

interface Props {
  /** What the last code said, when that leads nowhere. */
  says: string | undefined;
  trouble: string | undefined;
  /** Where it leads back to, when not to the tabs. */
  back?: () => void;
}

/** The camera's place: a browser has pictures instead. */
export function Scan({ says, trouble, back }: Props) {
  const { words, scan, scanPicture } = usePhone();
  const file = useRef<HTMLInputElement>(null);
  const open = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    scan(String(new FormData(event.currentTarget).get('content')));
  };
  return (
    <Screen title={words.scan} className="dark" {...(back && { back })}>
      <div className="body camera">
        <div className="finder" aria-hidden="true">
          <Icon name="scan" />
        </div>
        <p>{words.scanHow}</p>
        <input
          ref={file}
          type="file"
          accept="image/*"
          hidden
          onChange={(event) => {
            const [picture] = event.target.files ?? [];
            if (picture) scanPicture(picture);
            event.target.value = '';
          }}
        />
        <button type="button" className="main" onClick={() => file.current?.click()}>
          {words.choose}
        </button>
        <form onSubmit={open}>
          <label htmlFor="content">{words.orAddress}</label>
          <span className="field">
            <input
              id="content"
              name="content"
              required
              autoComplete="off"
              spellCheck={false}
              placeholder={words.addressHint}
            />
            <button type="submit">{words.open}</button>
          </span>
        </form>
        <div role="alert">
          {trouble && <p className="trouble">{trouble}</p>}
          {says !== undefined && (
            <p className="trouble">
              {words.says} <code>{says}</code>
            </p>
          )}
        </div>
      </div>
    </Screen>
  );
}
