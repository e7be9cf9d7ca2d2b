import { useCallback } from 'react';
import type { Listener } from './client.js';
import { useWeir } from './provider.js';
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
  const make = useCallback(() => client.generateQR(), [client]);
  const follow = useCallback(
    (session: QRSession, listener: Listener<QRStatus>) => {
      const tell = (status: QRStatus) => {
        listener.tell(status);
        // The others on the page show what is bound now; a failure is in their state.
        if (status.status === 'confirmed') store.load().catch(() => {});
      };
      return client.watchQR(session.session_id, { ...listener, tell });
    },
    [client, store],
  );
  const { session, news, loading, error, generate, set } = useCode<QRSession, QRStatus>(make, follow);

  const checkQRStatus = useCallback(
    async (sessionId: string) => {
      set({ loading: true, failure: null });
      try {
        const news = await client.qrStatus(sessionId);
        set({ news, loading: false });
        return news;
      } catch (failure) {
        set({ loading: false, failure });
        throw failure;
      }
    },
    [client, set],
  );

  return { qrSession: session, qrStatus: news, loading, error, generateQR: generate, checkQRStatus };
}
