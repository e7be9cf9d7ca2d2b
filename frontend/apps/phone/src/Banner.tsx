import { Icon } from './icons';
import { usePhone } from './phone-context';
import type { Message } from './sim';
import { titleOf } from './titles';

interface Props {
  news: Message | undefined;
  /** It is in the list of chats before everybody's eyes: then it is only said. */
  isListed: boolean;
}

/** Comes down from above for a moment when a message has come, whatever the phone shows. */
export function Banner({ news, isListed }: Props) {
  const { words, apps, go } = usePhone();
  return (
    <div className="banner" role="status">
      {news && isListed && <span className="unseen">{titleOf(news, apps)}</span>}
      {news && !isListed && (
        <button key={news.msgid} type="button" className="row" onClick={() => go({ name: 'services' })}>
          <span className="picture bell" aria-hidden="true">
            <Icon name="bell" />
          </span>
          <span className="two">
            <strong>{words.services}</strong>
            <small>{titleOf(news, apps)}</small>
          </span>
        </button>
      )}
    </div>
  );
}
