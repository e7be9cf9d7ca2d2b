import { WeirError } from './failure.js';

/** One event of a stream. */
export interface StreamEvent {
  id?: string;
  data: string;
}

/** Cuts a stream into events (HTML standard, section 9.2.6); comments are dropped. */
export function eventParser(tell: (event: StreamEvent) => void): (text: string) => void {
  let rest = '';
  let id: string | undefined;
  let data: string[] = [];
  return (text) => {
    const lines = (rest + text).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === '') {
        if (data.length > 0) tell({ ...(id !== undefined && { id }), data: data.join('\n') });
        data = [];
        continue;
      }
      const [, field, value = ''] = /^([^:]*)(?:: ?(.*))?$/.exec(line) ?? [];
      if (field === 'id') id = value;
      else if (field === 'data') data.push(value);
    }
  };
}

/** The server tells the state at once; a proxy that keeps it to itself would keep everything. */
const FIRST_WORD_MS = 4_000;
/** The server says something every 15 s. */
const QUIET_MS = 20_000;
const RECONNECT_MS = 1_000;
const POLL_MS = 2_000;
const MAX_POLL_MS = 15_000;
/** Longer than any code is good; and timers cannot wait for as long as a number can say. */
const MAX_WAIT_S = 300;

export interface Source<T> {
  /** The stream after the last event that was seen; `null` when nothing more will come. */
  open(lastEventId: string | undefined, signal: AbortSignal): Promise<ReadableStream<Uint8Array> | null>;
  poll(signal: AbortSignal): Promise<T>;
  isEnd(news: T): boolean;
  tell(news: T): void;
  /** The server cannot be asked at the moment; `null` when it can again. */
  trouble(failure: WeirError | null): void;
  signal: AbortSignal;
}

/** Tells news until the last: from the stream, or by asking every two seconds where streams do not come through. */
export async function watch<T>(source: Source<T>): Promise<void> {
  if (await listen(source)) return;
  const { signal } = source;
  for (let failures = 0; !signal.aborted; ) {
    let wait = POLL_MS;
    try {
      const news = await source.poll(signal);
      if (signal.aborted) return;
      failures = 0;
      source.trouble(null);
      source.tell(news);
      if (source.isEnd(news)) return;
    } catch (failure) {
      if (signal.aborted) return;
      if (!(failure instanceof WeirError) || failure.isFinal) throw failure;
      failures += 1;
      source.trouble(failure);
      wait = Math.max(
        Math.min(failure.retryAfter ?? 0, MAX_WAIT_S) * 1_000,
        Math.min(POLL_MS * 2 ** (failures - 1), MAX_POLL_MS),
      );
    }
    await sleep(wait, signal);
  }
}

/** Whether the last news came; `false` when streams do not come through. */
async function listen<T>(source: Source<T>): Promise<boolean> {
  const { signal } = source;
  let last: string | undefined;
  let told = false;
  let ended = false;
  const tell = (news: T) => {
    ended = source.isEnd(news);
    source.tell(news);
  };
  for (let failures = 0; failures < 2 && !signal.aborted; ) {
    const line = new AbortController();
    let isSilent = false;
    const hangUp = () => line.abort();
    const silence = () => {
      isSilent = true;
      hangUp();
    };
    signal.addEventListener('abort', hangUp);
    let timer = setTimeout(silence, told ? QUIET_MS : FIRST_WORD_MS);
    let heard = false;
    const parse = eventParser((event) => {
      tell(JSON.parse(event.data) as T);
      last = event.id;
      told = true;
    });
    try {
      const stream = await source.open(last, line.signal);
      // Nothing more to come: one question tells what it came to.
      if (stream === null) return false;
      const reader = stream
        .pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)
        .getReader();
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        parse(part.value);
        // The server closes the line then; what is between us may not.
        if (ended) break;
        // Half an event is what a proxy lets go of that collects the rest.
        if (!told) continue;
        clearTimeout(timer);
        timer = setTimeout(silence, QUIET_MS);
        heard = true;
      }
    } catch (failure) {
      if (failure instanceof WeirError && failure.isFinal) throw failure;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', hangUp);
      line.abort();
    }
    if (ended) return true;
    if (!told) return signal.aborted;
    failures = heard && !isSilent ? 0 : failures + 1;
    // The line is dead, or a proxy has begun to collect: what is new is asked for.
    if (isSilent && !signal.aborted) await ask(source, tell);
    if (ended) return true;
    await sleep(RECONNECT_MS, signal);
  }
  return signal.aborted;
}

/** Asks once, and leaves it to the next to say what is in the way. */
async function ask<T>({ poll, signal }: Source<T>, tell: (news: T) => void): Promise<void> {
  try {
    const news = await poll(signal);
    if (!signal.aborted) tell(news);
  } catch (failure) {
    if (failure instanceof WeirError && failure.isFinal) throw failure;
  }
}

export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', wake);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    signal.addEventListener('abort', wake);
    if (signal.aborted) wake();
  });
}
