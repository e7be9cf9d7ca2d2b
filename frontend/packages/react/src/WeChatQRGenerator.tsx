import { useEffect, useRef } from 'react';
import { CodePanel } from './CodePanel.js';
import { useKeptFocus } from './focus.js';
import { useWeir } from './provider.js';
import { useWeChatQR } from './useWeChatQR.js';

export interface WeChatQRGeneratorProps {
  /** Told the picture of a new code: a PNG in base64. */
  onQRGenerated?: (qrData: string) => void;
  /** Told `pending`, `scanned`, `confirmed` or `expired` when it changes. */
  onStatusChange?: (status: string) => void;
}

/** Makes a QR code at a click and shows what becomes of it. */
export function WeChatQRGenerator({ onQRGenerated, onStatusChange }: WeChatQRGeneratorProps) {
  const { words, tag } = useWeir();
  const { qrSession, qrStatus, loading, error, generateQR } = useWeChatQR();
  const focus = useKeptFocus<HTMLDivElement>();
  const told = useRef<WeChatQRGeneratorProps>({});
  told.current = { onQRGenerated, onStatusChange } as WeChatQRGeneratorProps;

  const picture = qrSession?.qr_code_data;
  useEffect(() => {
    if (picture !== undefined) told.current.onQRGenerated?.(picture);
  }, [picture]);

  const status = qrStatus?.status;
  useEffect(() => {
    if (status !== undefined) told.current.onStatusChange?.(status);
  }, [status]);

  return (
    <div className="weir weir-generator" lang={tag} {...focus}>
      <CodePanel
        session={qrSession}
        news={qrStatus}
        label={words.bind}
        invitation={words.scanToBind}
        done={words.bound}
        loading={loading}
        error={error}
        generate={generateQR}
      />
    </div>
  );
}
