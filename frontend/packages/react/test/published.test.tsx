import { act, render, screen } from '@testing-library/react';
import { expect, test } from 'vitest';
import type * as Published from '../../../e2e/pages/published/types.js';
import {
  useWeChatBinding,
  useWeChatQR,
  WeChatQRGenerator,
  WeChatSettings,
  WeChatStatus,
} from '../src/index.js';
import { binding, pass, Server, success, Wrapper } from './fake.js';

/** A host's page that knows the published types and nothing of ours. */
function HostPage({ told }: { told: (nickname: string | undefined) => void }) {
  const code: ReturnType<Published.UseWeChatQR> = useWeChatQR();
  const account: ReturnType<Published.UseWeChatBinding> = useWeChatBinding();
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
