import type { ReactNode } from 'react';
import { CodeView, Trouble } from './CodeView.js';
import { useWeir } from './provider.js';
import type { QRSession, QRState } from './types.js';

interface CodePanelProps {
  session: QRSession | null;
  news: { status: QRState; created_at?: string } | null;
  /** What the button says that makes the first code. */
  label: string;
  /** What scanning does, and what is said once it is done. */
  invitation: string;
  done: string;
  loading: boolean;
  error: string | null;
  generate(): Promise<unknown>;
  children?: ReactNode;
}

/** A button that makes a QR code, then the code and what becomes of it, and what went wrong. */
export function CodePanel({
  session,
  news,
  label,
  invitation,
  done,
  loading,
  error,
  generate,
  children,
}: CodePanelProps) {
  const { words } = useWeir();
  const begin = () => {
    generate().catch(() => {
      // It is shown as `error`.
    });
  };
  return (
    <>
      {session ? (
        <CodeView
          session={session}
          status={news?.status ?? 'pending'}
          createdAt={news?.created_at}
          invitation={invitation}
          done={done}
          loading={loading}
          onRefresh={begin}
        />
      ) : (
        <button type="button" className="weir-button" onClick={begin} disabled={loading}>
          {loading ? words.working : label}
        </button>
      )}
      {children}
      <Trouble error={error} {...(session && { onRetry: begin })} />
    </>
  );
}
