// A host application that says nothing has numbers, as published; and everything that the package exports is there.
import '@weir/react/style.css';
import type {
  Language,
  QRSession,
  QRState,
  QRStatus,
  UserId,
  UseWeChatBinding,
  UseWeChatQR,
  UseWeChatShare,
  WeChatBinding,
  WeChatData,
  WeChatLoginProps,
  WeChatLoginResult,
  WeChatQRGeneratorProps,
  WeChatShareData,
  WeChatShareOptions,
  WeChatStatusProps,
  WeirProviderProps,
  WeirTypes,
  Wx,
} from '@weir/react';
import * as weir from '@weir/react';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : never;

export const told: [Same<UserId, number>, Same<WeChatBinding['user_id'], number>] = [true, true];

/** Whatever else is exported is named here too. */
export type All = [
  Language,
  QRSession,
  QRState,
  QRStatus,
  WeChatLoginProps,
  WeChatLoginResult,
  WeirProviderProps,
  WeirTypes,
  Wx,
];

export function Page({ data }: { data: WeChatData }) {
  const code: UseWeChatQR = weir.useWeChatQR();
  const account: UseWeChatBinding = weir.useWeChatBinding();
  const share: WeChatShareData = { title: 'Page' };
  const options: WeChatShareOptions = { jsApiList: ['scanQRCode'] as const };
  const shared: UseWeChatShare = weir.useWeChatShare(share, options);
  const forGenerator: WeChatQRGeneratorProps = { onStatusChange: (status) => status.trim() };
  const forStatus: WeChatStatusProps = {};
  const bind = () =>
    account.bindWeChat(data).catch((failure: unknown) => {
      if (failure instanceof weir.WeirError) return failure.status + (failure.retryAfter ?? 0);
      throw failure;
    });
  return (
    <weir.WeirProvider token={async () => null} base="https://weir.example.com" language="ru">
      <weir.WeChatSettings />
      <weir.WeChatQRGenerator {...forGenerator} />
      <weir.WeChatStatus {...forStatus} />
      <weir.WeChatLogin mode={weir.inWeChat() ? 'redirect' : 'qr'} />
      <button type="button" onClick={bind}>
        {code.qrStatus?.user_id.toFixed()} {shared.error}
      </button>
    </weir.WeirProvider>
  );
}
