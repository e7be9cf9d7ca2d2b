import { useEffect, useRef, useState } from 'react';
import { Trouble } from './CodeView.js';
import { useKeptFocus } from './focus.js';
import { useUser, useWeir } from './provider.js';
import type { WeChatBinding } from './types.js';
import { useWeChatBinding } from './useWeChatBinding.js';

export interface WeChatStatusProps {
  /** Told when the account is no longer bound. */
  onUnbind?: () => void;
}

/** Which WeChat account is bound, with a button to unbind it. */
export function WeChatStatus(props: WeChatStatusProps) {
  // What one user was asked is not for another to answer.
  return <Status key={useUser()} {...props} />;
}

function Status({ onUnbind }: WeChatStatusProps) {
  const { words, tag } = useWeir();
  const { binding, loading, error, getBinding, unbindWeChat } = useWeChatBinding();
  /** The binding that is asked about. */
  const [asking, setAsking] = useState<number | null>(null);
  const focus = useKeptFocus<HTMLDivElement>();

  const unbind = async () => {
    try {
      await unbindWeChat();
    } catch {
      // It is shown as `error`; what is bound is asked again by hand.
      return;
    } finally {
      setAsking(null);
    }
    onUnbind?.();
  };
  const retry = () => {
    getBinding().catch(() => {
      // It is shown as `error`.
    });
  };
  return (
    <div className="weir weir-binding" lang={tag} aria-busy={loading} {...focus}>
      {binding ? (
        <>
          <Account binding={binding} />
          {asking === binding.id ? (
            <Confirmation onYes={unbind} onNo={() => setAsking(null)} loading={loading} />
          ) : (
            <button type="button" className="weir-button weir-plain" onClick={() => setAsking(binding.id)}>
              {words.unbind}
            </button>
          )}
        </>
      ) : (
        error === null && (
          <p className="weir-saying" tabIndex={-1}>
            {loading ? words.loading : words.none}
          </p>
        )
      )}
      <Trouble error={error} onRetry={retry} />
    </div>
  );
}

function Account({ binding }: { binding: WeChatBinding }) {
  const { words, tag } = useWeir();
  // A picture that WeChat no longer has is not shown broken.
  const [broken, setBroken] = useState<string>();
  const { avatar_url: avatar, created_at: since } = binding;
  return (
    <div className="weir-account">
      {avatar && avatar !== broken && (
        <img
          className="weir-avatar"
          src={avatar}
          alt=""
          referrerPolicy="no-referrer"
          onError={() => setBroken(avatar)}
        />
      )}
      <div>
        <strong className="weir-name" dir="auto">
          {binding.nickname || words.nameless}
        </strong>
        <p className="weir-quiet">
          {words.since(new Date(since).toLocaleDateString(tag, { dateStyle: 'long' }))}
        </p>
      </div>
    </div>
  );
}

interface ConfirmationProps {
  onYes(): void;
  onNo(): void;
  loading: boolean;
}

function Confirmation({ onYes, onNo, loading }: ConfirmationProps) {
  const { words } = useWeir();
  const no = useRef<HTMLButtonElement>(null);
  // The harmless answer is the one that Enter gives.
  useEffect(() => no.current?.focus(), []);
  return (
    <fieldset className="weir-ask" disabled={loading} onKeyDown={(event) => event.key === 'Escape' && onNo()}>
      <legend>{words.sure}</legend>
      <button type="button" className="weir-button weir-danger" onClick={onYes}>
        {words.yes}
      </button>
      <button type="button" className="weir-button weir-plain" onClick={onNo} ref={no}>
        {words.no}
      </button>
    </fieldset>
  );
}
