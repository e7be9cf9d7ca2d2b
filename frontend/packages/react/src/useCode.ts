import { useCallback, useEffect, useReducer, useRef } from 'react';
import type { Listener } from './client.js';
import { sentence } from './failure.js';
import { useWeir } from './provider.js';
import type { QRSession } from './types.js';

interface CodeState<S, N> {
  session: S | null;
  news: N | null;
  loading: boolean;
  failure: unknown;
}

const NOTHING = { session: null, news: null, loading: false, failure: null };

/** One QR code at a time, and what becomes of it. An answer for a code that was replaced is not shown. */
export function useCode<S extends QRSession, N>(
  make: () => Promise<S>,
  follow: (session: S, listener: Listener<N>) => Promise<void>,
) {
  const { words } = useWeir();
  const [state, set] = useReducer(
    (old: CodeState<S, N>, change: Partial<CodeState<S, N>>) => ({ ...old, ...change }),
    NOTHING,
  );
  const line = useRef<AbortController | null>(null);

  useEffect(() => () => line.current?.abort(), []);

  const generate = useCallback(async (): Promise<S> => {
    line.current?.abort();
    line.current = new AbortController();
    const { signal } = line.current;
    const show = (change: Partial<CodeState<S, N>>) => {
      if (!signal.aborted) set(change);
    };
    show({ loading: true, failure: null });
    try {
      const session = await make();
      show({ session, news: null, loading: false });
      if (!signal.aborted) {
        const listener = {
          tell: (news: N) => show({ news }),
          trouble: (failure: unknown) => show({ failure }),
          signal,
        };
        follow(session, listener).catch((failure: unknown) => show({ failure }));
      }
      return session;
    } catch (failure) {
      show({ loading: false, failure });
      throw failure;
    }
  }, [make, follow]);

  const error = state.failure === null ? null : sentence(state.failure, words);
  return { ...state, error, generate, set };
}
