import { copy } from './copy';
import type { Share } from './from-page';
import { usePhone } from './phone-context';
import { Sheet } from './Sheet';
import { host } from './visited';

interface Props {
  url: string;
  title: string;
  share: Share | undefined;
  /** What a friend sees, instead of what can be done. */
  isCard: boolean;
  showCard(): void;
  close(): void;
}

/** WeChat's menu of a page. */
export function ViewMenu({ url, title, share, isCard, showCard, close }: Props) {
  const { words, say } = usePhone();
  const copyLink = async () => {
    close();
    say((await copy(url)) ? words.copied : words.notCopied);
  };
  if (isCard)
    return (
      <Sheet key="card" title={words.friendSees} close={close}>
        <p className="whose">{words.friendSees}</p>
        <article className="shared" dir="auto">
          <h2>{share?.title || title}</h2>
          {share?.desc && <p>{share.desc}</p>}
          <small>{share?.link || url}</small>
        </article>
        {!share && <p className="whose">{words.noShare}</p>}
        <button type="button" className="choice last" onClick={close}>
          {words.close}
        </button>
      </Sheet>
    );
  return (
    <Sheet key="menu" title={words.more} close={close}>
      <p className="whose">{words.provided(host(url))}</p>
      <button type="button" className="choice" onClick={showCard}>
        {words.send}
      </button>
      <button type="button" className="choice" onClick={copyLink}>
        {words.copyLink}
      </button>
      <button type="button" className="choice last" onClick={close}>
        {words.cancel}
      </button>
    </Sheet>
  );
}
