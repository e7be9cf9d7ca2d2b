import * as ours from '@weir/react';
import { createRoot } from 'react-dom/client';
import * as theirs from './hooks';
import type { WeChatQRGeneratorProps, WeChatStatusProps } from './types';
import { UserPage } from './UserPage';

const told: string[] = [];
(window as { told?: string[] }).told = told;

const forGenerator: WeChatQRGeneratorProps = {
  onQRGenerated: (qrData) => told.push(`picture ${atob(qrData).slice(1, 4)}`),
  onStatusChange: (status) => told.push(status),
};
const forStatus: WeChatStatusProps = { onUnbind: () => told.push('unbound') };

const { WeChatQRGenerator, WeChatSettings, WeChatStatus } = ours;
const pages: Record<string, () => React.ReactNode> = {
  theirs: () => <UserPage {...theirs} />,
  ours: () => <UserPage useWeChatQR={ours.useWeChatQR} useWeChatBinding={ours.useWeChatBinding} />,
  settings: () => <WeChatSettings />,
  components: () => (
    <>
      <WeChatQRGenerator {...forGenerator} />
      <WeChatStatus {...forStatus} />
    </>
  ),
};

const root = document.getElementById('root');
const Page = pages[new URLSearchParams(location.search).get('page') ?? ''];
if (root && Page) createRoot(root).render(<Page />);
