import { useCallback, useMemo } from 'react';
import type { Listener } from './client.js';
import { useUser, useWeir } from './provider.js';
import type { QRSession, QRStatus } from './types.js';
import { useCode } from './useCode.js';

export interface UseWeChatQR {
  qrSession: QRSession | null;
  /** Kept up to date by itself from `generateQR` on. */
  qrStatus: QRStatus | null;
  loading: boolean;
  error: string | null;
  generateQR(): Promise<QRSession>;
  checkQRStatus(sessionId: string): Promise<QRStatus>;
}

/** A QR code that binds the WeChat account of whoever scans it to the user, once they confirm it on their phone. */
export function useWeChatQR(): UseWeChatQR {
  const { client, store } = useWeir();
  const user = useUser();
  // A code is its user's: it is not shown to another.
  const owner = useMemo(() => ({ store, user }), [store, user]);
  const make = useCallback(() => {
    store.learn();
    return client.generateQR();
  }, [client, store]);
  /** The others on the page show what is bound now; a failure is in their state. */
  const notice = useCallback(
    (status: QRStatus) => {
      if (status.status === 'confirmed') store.refresh();
    },
    [store],
  );
  const follow = useCallback(
    (session: QRSession, listener: Listener<QRStatus>) => {
      const tell = (status: QRStatus) => {
        listener.tell(status);
        notice(status);
      };
      return client.watchQR(session.session_id, { ...listener, tell });
    },
    [client, notice],
  );
  const { session, news, loading, error, generate, ask } = useCode<QRSession, QRStatus>(owner, make, follow);

  const checkQRStatus = useCallback(
    (sessionId: string) =>
      ask(async () => {
        const status = await client.qrStatus(sessionId);
        notice(status);
        return status;
      }),
    [client, ask, notice],
  );

  return { qrSession: session, qrStatus: news, loading, error, generateQR: generate, checkQRStatus };
}
