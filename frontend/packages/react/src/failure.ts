import { reason } from '@weir/api';
import type { Words } from './words.js';

/** A call that did not do what it should: the server's refusal, or no answer at all (status 0). */
export class WeirError extends Error {
  override readonly name = 'WeirError';

  constructor(
    readonly status: number,
    message: string,
    /** Seconds to wait, where the server has said so. */
    readonly retryAfter?: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** Nothing will be better when the same is asked again. */
  get isFinal(): boolean {
    return this.status >= 400 && this.status < 500 && this.status !== 408 && this.status !== 429;
  }
}

export interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** What was answered. Whoever gave up themselves gets their own AbortError; `silence` says what no answer may mean. */
export async function settle<T>(call: Promise<Answer<T>>, silence: () => string): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await call;
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    // An answer that is no JSON comes from something between us and Weir.
    if (cause instanceof SyntaxError)
      throw new WeirError(502, 'The answer cannot be read', undefined, { cause });
    throw new WeirError(0, silence(), undefined, { cause });
  }
  const { response } = answer;
  if (!response.ok) {
    const wait = Number(response.headers.get('Retry-After')) || undefined;
    throw new WeirError(response.status, reason(answer.error) ?? response.statusText, wait);
  }
  return answer.data as T;
}

const KNOWN: Record<string, 'boundElsewhere' | 'boundAlready' | 'codeGone'> = {
  'This WeChat account is already bound to another user': 'boundElsewhere',
  'This user already has a WeChat account bound': 'boundAlready',
  'QR session not found': 'codeGone',
};

/** What a person is told, and how they mend it. */
export function sentence(failure: unknown, words: Words): string {
  if (!(failure instanceof WeirError)) return failure instanceof Error ? failure.message : String(failure);
  const { status, message, retryAfter } = failure;
  const known = KNOWN[message];
  if (known) return words[known];
  if (status === 0) return words.offline;
  if (status === 401) return words.signedOut;
  if (status === 429) return words.tooMany(retryAfter ?? 60);
  if (status >= 500) return words.unavailable;
  return message || words.unavailable;
}
