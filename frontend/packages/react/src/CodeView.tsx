import { useId } from 'react';
import { useWeir } from './provider.js';
import type { QRSession, QRState } from './types.js';
import { useSecondsLeft } from './useSecondsLeft.js';

interface CodeViewProps {
  session: QRSession;
  status: QRState;
  createdAt?: string | undefined;
  /** What scanning does. */
  invitation: string;
  /** What is said once it is done. */
  done: string;
  loading: boolean;
  onRefresh(): void;
}

/** The QR code with its countdown, what became of it, and a new one when it is over. */
export function CodeView({
  session,
  status,
  createdAt,
  invitation,
  done,
  loading,
  onRefresh,
}: CodeViewProps) {
  const { words } = useWeir();
  const saying = useId();
  const left = useSecondsLeft(session.session_id, session.expires_at, createdAt);
  const isOver = status === 'expired' || (left === 0 && status !== 'confirmed');
  const shown = isOver ? 'expired' : status;
  const said = { pending: invitation, scanned: words.scanned, confirmed: done, expired: words.expired }[
    shown
  ];
  return (
    <div className="weir-code" data-status={shown}>
      <p id={saying} className="weir-saying" role="status" tabIndex={-1}>
        {said}
      </p>
      <div className="weir-frame">
        <img
          className="weir-image"
          src={`data:image/png;base64,${session.qr_code_data}`}
          alt={words.code}
          aria-describedby={saying}
        />
        {isOver && (
          <button type="button" className="weir-button weir-over" onClick={onRefresh} disabled={loading}>
            {words.refresh}
          </button>
        )}
      </div>
      {!isOver && status !== 'confirmed' && left !== null && left > 0 && (
        <p className="weir-quiet" role="timer">
          {words.left(`${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`)}
        </p>
      )}
      {/* The phone that has scanned it may be lost to us, and no other gets in. */}
      {shown === 'scanned' && (
        <button type="button" className="weir-button weir-plain" onClick={onRefresh} disabled={loading}>
          {words.refresh}
        </button>
      )}
    </div>
  );
}

/** What went wrong, with a way on. */
export function Trouble({ error, onRetry }: { error: string | null; onRetry?(): void }) {
  const { words } = useWeir();
  if (error === null) return null;
  return (
    <div className="weir-trouble" role="alert">
      <span>{error}</span>
      {onRetry && (
        <button type="button" className="weir-button weir-plain" onClick={onRetry}>
          {words.retry}
        </button>
      )}
    </div>
  );
}
