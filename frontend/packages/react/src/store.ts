import type { WeirClient } from './client.js';
import type { WeChatBinding, WeChatData } from './types.js';

export interface BindingState {
  binding: WeChatBinding | null;
  /** Whether the server has been asked at all. */
  known: boolean;
  loading: boolean;
  failure: unknown;
}

/** What is bound, once for all components of a page: what one of them changes, the others show. */
export class BindingStore {
  #state: BindingState = { binding: null, known: false, loading: false, failure: null };
  #listeners = new Set<() => void>();
  #calls = 0;
  /** Counts changes of ours, so that an answer from before one is not taken for the truth. */
  #version = 0;
  #token: string | null | undefined;

  constructor(private readonly client: WeirClient) {}

  readonly state = (): BindingState => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Whose token it is may have changed since: nobody is shown what is another's. */
  async load(): Promise<WeChatBinding | null> {
    const token = await this.client.token();
    if (token !== this.#token) {
      this.#token = token;
      this.#version += 1;
      this.#set({ binding: null, known: false });
    }
    const version = this.#version;
    return this.#call(
      () => this.client.binding(),
      (binding) => version === this.#version && this.#set({ binding, known: true }),
    );
  }

  bind(data: WeChatData): Promise<WeChatBinding> {
    return this.#call(
      () => this.client.bind(data),
      (binding) => this.#changed(binding),
    );
  }

  unbind(): Promise<void> {
    return this.#call(
      () => this.client.unbind(),
      () => this.#changed(null),
    );
  }

  #changed(binding: WeChatBinding | null): void {
    this.#version += 1;
    this.#set({ binding, known: true });
  }

  async #call<T>(call: () => Promise<T>, done: (answer: T) => void): Promise<T> {
    this.#calls += 1;
    this.#set({ loading: true, failure: null });
    try {
      const answer = await call();
      done(answer);
      return answer;
    } catch (failure) {
      this.#set({ failure });
      throw failure;
    } finally {
      this.#calls -= 1;
      this.#set({ loading: this.#calls > 0 });
    }
  }

  #set(change: Partial<BindingState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }
}
