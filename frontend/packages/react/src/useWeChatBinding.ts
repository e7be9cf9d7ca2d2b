import { useCallback, useEffect, useSyncExternalStore } from 'react';
import { sentence } from './failure.js';
import { useWeir } from './provider.js';
import type { WeChatBinding, WeChatData } from './types.js';

export interface UseWeChatBinding {
  binding: WeChatBinding | null;
  loading: boolean;
  error: string | null;
  /**
   * Asks again. The type is the published one, which host applications are written against; when nothing is bound the
   * answer is `null` all the same, and so is `binding`.
   */
  getBinding(): Promise<WeChatBinding>;
  bindWeChat(data: WeChatData): Promise<WeChatBinding>;
  unbindWeChat(): Promise<boolean>;
}

/** The WeChat account bound to the user. All that use it show the same. */
export function useWeChatBinding(): UseWeChatBinding {
  const { store, words } = useWeir();
  const { binding, known, loading, failure } = useSyncExternalStore(
    store.subscribe,
    store.state,
    store.state,
  );

  useEffect(() => {
    store.begin();
  }, [store]);

  const getBinding = useCallback(() => store.load() as Promise<WeChatBinding>, [store]);
  const bindWeChat = useCallback((data: WeChatData) => store.bind(data), [store]);
  const unbindWeChat = useCallback(async () => {
    await store.unbind();
    return true;
  }, [store]);

  return {
    binding,
    loading: loading || (!known && failure === null),
    error: failure === null ? null : sentence(failure, words),
    getBinding,
    bindWeChat,
    unbindWeChat,
  };
}
