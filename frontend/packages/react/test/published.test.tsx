import { act, render, screen } from '@testing-library/react';
import { expect, test } from 'vitest';
import {
  useWeChatBinding,
  useWeChatQR,
  WeChatQRGenerator,
  WeChatSettings,
  WeChatStatus,
} from '../src/index.js';
import { binding, pass, Server, success, Wrapper } from './fake.js';

// As they were published, word for word: what host applications are written against (contracts.md, A).
namespace Published {
  export interface WeChatBinding {
    id: number;
    user_id: number;
    wechat_openid: string;
    wechat_unionid?: string;
    nickname?: string;
    avatar_url?: string;
    is_active: boolean;
    created_at: string;
    updated_at: string;
  }
  export interface QRSession {
    session_id: string;
    qr_code_data: string;
    expires_at: string;
  }
  export interface QRStatus {
    session_id: string;
    user_id: number;
    qr_code_data: string;
    status: 'pending' | 'scanned' | 'confirmed' | 'expired';
    expires_at: string;
    created_at: string;
  }
  export interface WeChatData {
    openid: string;
    unionid?: string;
    nickname?: string;
    headimgurl?: string;
  }
  export interface UseWeChatQR {
    qrSession: QRSession | null;
    qrStatus: QRStatus | null;
    loading: boolean;
    error: string | null;
    generateQR: () => Promise<QRSession>;
    checkQRStatus: (sessionId: string) => Promise<QRStatus>;
  }
  export interface UseWeChatBinding {
    binding: WeChatBinding | null;
    loading: boolean;
    error: string | null;
    getBinding: () => Promise<WeChatBinding>;
    bindWeChat: (data: WeChatData) => Promise<WeChatBinding>;
    unbindWeChat: () => Promise<boolean>;
  }
  export interface WeChatQRGeneratorProps {
    onQRGenerated?: (qrData: string) => void;
    onStatusChange?: (status: string) => void;
  }
  export interface WeChatStatusProps {
    onUnbind?: () => void;
  }
}

/** A host's page that knows the published types and nothing of ours. */
function HostPage({ told }: { told: (nickname: string | undefined) => void }) {
  const code: Published.UseWeChatQR = useWeChatQR();
  const account: Published.UseWeChatBinding = useWeChatBinding();
  const look = async () => {
    const found: Published.WeChatBinding = await account.getBinding();
    const { nickname } = await account.getBinding();
    told(found.user_id === 106 ? nickname : undefined);
  };
  const forGenerator: Published.WeChatQRGeneratorProps = {
    onQRGenerated: () => {},
    onStatusChange: () => {},
  };
  const forStatus: Published.WeChatStatusProps = { onUnbind: () => {} };
  return (
    <>
      <button type="button" onClick={look}>
        {code.qrSession?.session_id ?? 'look'}
      </button>
      <WeChatSettings />
      <WeChatQRGenerator {...forGenerator} />
      <WeChatStatus {...forStatus} />
    </>
  );
}

test('a page that was written against the published types compiles and runs unchanged', async () => {
  new Server().on('GET /api/wechat/binding', () => success(binding));
  const names: (string | undefined)[] = [];
  render(<HostPage told={(name) => names.push(name)} />, { wrapper: Wrapper });
  await pass();
  await act(async () => screen.getByRole('button', { name: 'look' }).click());
  await pass();
  expect(names).toEqual(['Alice']);
});
