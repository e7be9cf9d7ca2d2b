import { useEffect } from 'react';
import type { QRStatus, UseWeChatBinding, UseWeChatQR } from './types';

interface UserPageProps {
  useWeChatQR: UseWeChatQR;
  useWeChatBinding: UseWeChatBinding;
}

/** A host's page, written against the published hooks. It asks for the status every second. */
export function UserPage({ useWeChatQR, useWeChatBinding }: UserPageProps) {
  const { qrSession, qrStatus, error: qrError, generateQR, checkQRStatus } = useWeChatQR();
  const { binding, error, getBinding, bindWeChat, unbindWeChat } = useWeChatBinding();
  const session = qrSession?.session_id;

  // biome-ignore lint/correctness/useExhaustiveDependencies: the hooks may make their functions anew each time
  useEffect(() => {
    getBinding().catch(() => {});
  }, []);

  const status = qrStatus?.status;
  // biome-ignore lint/correctness/useExhaustiveDependencies: as above
  useEffect(() => {
    if (!session || status === 'confirmed' || status === 'expired') return;
    const ask = (): Promise<QRStatus> => checkQRStatus(session);
    const timer = setInterval(() => ask().catch(() => {}), 1_000);
    return () => clearInterval(timer);
  }, [session, status]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: as above
  useEffect(() => {
    const greet = async () => {
      const { nickname } = await getBinding();
      document.title = `bound to ${nickname}`;
    };
    if (status === 'confirmed') greet();
  }, [status]);

  const unbind = async () => {
    document.title = `unbound: ${await unbindWeChat()}`;
  };
  return (
    <main>
      <p id="binding">{binding ? `${binding.user_id}: ${binding.nickname}` : 'none'}</p>
      <p id="status">{status}</p>
      <p id="error">{error ?? qrError}</p>
      {qrSession && (
        <img src={`data:image/png;base64,${qrSession.qr_code_data}`} alt="code" width="260" height="260" />
      )}
      <button type="button" onClick={() => generateQR().catch(() => {})}>
        generate
      </button>
      <button type="button" onClick={() => bindWeChat({ openid: 'not-proven' }).catch(() => {})}>
        bind
      </button>
      <button type="button" onClick={unbind}>
        unbind
      </button>
    </main>
  );
}
