import { useCallback, useEffect, useReducer, useRef } from 'react';
import type { Listener } from './client.js';
import { sentence } from './failure.js';
import { useWeir } from './provider.js';
import type { QRSession } from './types.js';

interface CodeState<S, N> {
  session: S | null;
  news: N | null;
  /** A code is being made. */
  making: boolean;
  /** Its state is being asked for. */
  asking: boolean;
  failure: unknown;
}

type Change<S, N> = Partial<CodeState<S, N>> & { owner: unknown };

const NOTHING = { session: null, news: null, making: false, asking: false, failure: null };

/**
 * One QR code at a time, and what becomes of it. An answer for a code that was replaced is not shown, nor is anything
 * of another `owner`.
 */
export function useCode<S extends QRSession, N>(
  owner: unknown,
  make: () => Promise<S>,
  follow: (session: S, listener: Listener<N>) => Promise<void>,
) {
  const { words } = useWeir();
  const [kept, set] = useReducer(
    (old: CodeState<S, N> & { owner: unknown }, change: Change<S, N>) => ({
      ...(old.owner === change.owner ? old : NOTHING),
      ...change,
    }),
    { ...NOTHING, owner },
  );
  const line = useRef<AbortController | null>(null);
  /** Whose code is on the page; nobody's once it is gone. */
  const here = useRef<unknown>(null);
  /** Counts what was told, so that a slow answer is known to be old. */
  const told = useRef(0);

  useEffect(() => {
    here.current = owner;
    return () => {
      here.current = null;
      line.current?.abort();
    };
  }, [owner]);

  const generate = useCallback(async (): Promise<S> => {
    line.current?.abort();
    // Nobody would hear of it, and nobody would end the following.
    if (here.current !== owner) return make();
    line.current = new AbortController();
    const { signal } = line.current;
    const show = (change: Partial<CodeState<S, N>>) => {
      if (!signal.aborted) set({ ...change, owner });
    };
    told.current += 1;
    show({ making: true, failure: null });
    try {
      const session = await make();
      show({ session, news: null, making: false });
      if (!signal.aborted) {
        const listener = {
          tell: (news: N) => {
            told.current += 1;
            show({ news });
          },
          trouble: (failure: unknown) => show({ failure }),
          signal,
        };
        follow(session, listener).catch((failure: unknown) => show({ failure }));
      }
      return session;
    } catch (failure) {
      show({ making: false, failure });
      throw failure;
    }
  }, [owner, make, follow]);

  /** Asks for news by hand. */
  const ask = useCallback(
    async (call: () => Promise<N>): Promise<N> => {
      told.current += 1;
      const mine = told.current;
      const show = (change: Partial<CodeState<S, N>>) => {
        if (here.current === owner) set({ ...change, owner });
      };
      const end = (change: Partial<CodeState<S, N>>) =>
        show({ ...(told.current === mine && change), asking: false });
      show({ asking: true, failure: null });
      try {
        const news = await call();
        end({ news });
        return news;
      } catch (failure) {
        end({ failure });
        throw failure;
      }
    },
    [owner],
  );

  const state = kept.owner === owner ? kept : NOTHING;
  const { session, news, failure } = state;
  const error = failure === null ? null : sentence(failure, words);
  return { session, news, loading: state.making || state.asking, error, generate, ask };
}
