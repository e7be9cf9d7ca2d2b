// A host application whose users' ids are texts says so once (decision 0036).
import {
  type QRStatus,
  type UserId,
  useWeChatBinding,
  useWeChatQR,
  type WeChatBinding,
  WeChatLogin,
  type WeChatLoginResult,
} from '@weir/react';

declare module '@weir/react' {
  interface WeirTypes {
    userId: string;
  }
}

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : never;

export const told: [
  Same<UserId, string>,
  Same<WeChatBinding['user_id'], string>,
  Same<QRStatus['user_id'], string>,
  Same<NonNullable<WeChatLoginResult['user_id']>, string>,
] = [true, true, true, true];

export function Page() {
  const { binding, getBinding } = useWeChatBinding();
  const { qrStatus } = useWeChatQR();
  const greet = async () => (await getBinding()).user_id.toUpperCase();
  // @ts-expect-error: it is a text now
  const wrong: number | undefined = binding?.user_id;
  return (
    <>
      {qrStatus?.user_id.trim()} {wrong}
      <WeChatLogin onLogin={({ user_id }) => user_id?.startsWith('u') && greet()} />
    </>
  );
}
