// The hooks as a host application has them that knows the published document and nothing of ours: its own `fetch`, the
// page's origin, `localStorage.authToken`, the published envelope.
import { useState } from 'react';
import type { QRSession, QRStatus, UseWeChatBinding, UseWeChatQR, WeChatBinding, WeChatData } from './types';

async function call<T>(path: string, method = 'GET', body?: object): Promise<T> {
  const response = await fetch(`/api/wechat/${path}`, {
    method,
    headers: {
      Authorization: `Bearer ${localStorage.getItem('authToken')}`,
      'Content-Type': 'application/json',
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const answer = await response.json();
  if (!answer.success) throw new Error(answer.message);
  return method === 'DELETE' ? answer.success : answer.data;
}

function useCalls() {
  const [loading, setLoading] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const track = async <T>(work: Promise<T>): Promise<T> => {
    setLoading(true);
    setError(null);
    try {
      return await work;
    } catch (failure) {
      setError((failure as Error).message);
      throw failure;
    } finally {
      setLoading(false);
    }
  };
  return { loading, error, track };
}

export const useWeChatQR: UseWeChatQR = () => {
  const [qrSession, setSession] = useState<QRSession | null>(null);
  const [qrStatus, setStatus] = useState<QRStatus | null>(null);
  const { loading, error, track } = useCalls();
  return {
    qrSession,
    qrStatus,
    loading,
    error,
    generateQR: async () => {
      const session = await track(call<QRSession>('generate-qr', 'POST'));
      setSession(session);
      return session;
    },
    checkQRStatus: async (sessionId) => {
      const status = await track(call<QRStatus>(`status/${sessionId}`));
      setStatus(status);
      return status;
    },
  };
};

export const useWeChatBinding: UseWeChatBinding = () => {
  const [binding, setBinding] = useState<WeChatBinding | null>(null);
  const { loading, error, track } = useCalls();
  return {
    binding,
    loading,
    error,
    getBinding: async () => {
      const found = await track(call<WeChatBinding>('binding'));
      setBinding(found);
      return found;
    },
    bindWeChat: async (data: WeChatData) => {
      const bound = await track(call<WeChatBinding>('bind', 'POST', data));
      setBinding(bound);
      return bound;
    },
    unbindWeChat: async () => {
      const isDone = await track(call<boolean>('unbind', 'DELETE'));
      setBinding(null);
      return isDone;
    },
  };
};
