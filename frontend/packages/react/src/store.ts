import { TOKEN_KEY, type Token, type WeirClient } from './client.js';
import { WeirError } from './failure.js';
import type { WeChatBinding, WeChatData } from './types.js';
import { userOf } from './user.js';

export interface BindingState {
  /** Another number is another user, of whom nothing of the last may show. */
  user: number;
  binding: WeChatBinding | null;
  /** Whether the server has been asked at all. */
  known: boolean;
  loading: boolean;
  failure: unknown;
}

const isLater = (token: Token | Promise<Token>): token is Promise<Token> =>
  typeof token === 'object' && token !== null;

/** How often a token that takes its time is asked for, to see whose it is. */
const GLANCE_MS = 2_000;

const NOTHING = { binding: null, known: false, loading: false, failure: null };

let users = 0;
const nextUser = () => {
  users += 1;
  return users;
};

/** What is bound, once for all components of a page: what one of them changes, the others show. */
export class BindingStore {
  #state: BindingState = { ...NOTHING, user: nextUser() };
  #listeners = new Set<() => void>();
  #calls = 0;
  /** Calls are numbered: what an earlier one brings after a later one is not the truth any more. */
  #begun = 0;
  #shown = 0;
  #unbinding: Promise<void> | undefined;
  /** Since when nobody need look whose the token is; and whether somebody wanted to. */
  #glance: { isWanted: boolean } | undefined;
  #isSlow = false;

  /** `whose` is the user, where that is known already. */
  constructor(
    private readonly client: WeirClient,
    private whose?: string | null,
  ) {}

  readonly state = (): BindingState => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    if (this.#listeners.size === 0) this.#watchUser(true);
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#watchUser(false);
      // Whoever looks next may be somebody else.
      this.#forget(undefined);
    };
  };

  /** Asks, unless that is being done. */
  begin(): void {
    if (this.#calls === 0) this.refresh();
  }

  /** Asks where somebody looks. What comes of it is in the state. */
  refresh(): void {
    if (this.#listeners.size > 0) this.load().catch(() => {});
  }

  /** From whom the user is told that comes after, where nothing of theirs is asked for yet. */
  learn(): void {
    if (this.whose === undefined) this.recheck();
  }

  /** Somebody else may be signed in by now: nobody is shown what is another's. */
  readonly recheck = async (): Promise<void> => {
    const { user } = this.#state;
    try {
      const token = this.client.token();
      this.#isSlow = isLater(token);
      this.#meet(isLater(token) ? await token : token);
    } catch {
      // The next call says it.
    }
    if (user !== this.#state.user) this.refresh();
  };

  /**
   * As `recheck`, for each rendering that may have brought another user. To ask for a token can be work, and can make the
   * host render anew: one that takes its time is not asked for all the time.
   */
  glance(): void {
    if (this.#glance) {
      this.#glance.isWanted = true;
      return;
    }
    this.recheck();
    if (!this.#isSlow) return;
    this.#glance = { isWanted: false };
    setTimeout(() => {
      const isWanted = this.#glance?.isWanted;
      this.#glance = undefined;
      if (isWanted) this.glance();
    }, GLANCE_MS);
  }

  async load(): Promise<WeChatBinding | null> {
    try {
      const token = this.client.token();
      // At once where it is at hand: not even one picture shows what is another's.
      this.#meet(isLater(token) ? await token : token);
    } catch (failure) {
      this.#set({ failure });
      throw failure;
    }
    const number = this.#begun + 1;
    return this.#call(
      () => this.client.binding(),
      () => number > this.#shown,
      (binding) => {
        this.#shown = number;
        this.#set({ binding, known: true });
      },
    );
  }

  bind(data: WeChatData): Promise<WeChatBinding> {
    return this.#call(
      () => this.client.bind(data),
      () => true,
      (binding) => this.#changed(binding),
    );
  }

  /** Pressed twice it is done once. */
  unbind(): Promise<void> {
    if (this.#unbinding) return this.#unbinding;
    const ending = this.#unbind().finally(() => {
      if (this.#unbinding === ending) this.#unbinding = undefined;
    });
    this.#unbinding = ending;
    return ending;
  }

  #unbind(): Promise<void> {
    return this.#call(
      async () => {
        try {
          await this.client.unbind();
        } catch (failure) {
          // That nothing is bound any more is as it was asked for.
          if (!(failure instanceof WeirError) || failure.status !== 404) throw failure;
        }
      },
      () => true,
      () => this.#changed(null),
    );
  }

  /** What was asked before a change of ours tells what was before. */
  #changed(binding: WeChatBinding | null): void {
    this.#shown = this.#begun;
    this.#set({ binding, known: true });
  }

  #meet(token: Token): void {
    const whose = userOf(token);
    const isOther = this.whose !== undefined && this.whose !== whose;
    if (isOther) this.#forget(whose);
    this.whose = whose;
  }

  #forget(whose: string | null | undefined): void {
    this.whose = whose;
    this.#calls = 0;
    this.#unbinding = undefined;
    this.#set({ ...NOTHING, user: nextUser() });
  }

  /** A sign-in or sign-out in another tab; or while this one slept. */
  #watchUser(isOn: boolean): void {
    const change = isOn ? 'addEventListener' : 'removeEventListener';
    window[change]('storage', this.#onStorage as EventListener);
    document[change]('visibilitychange', this.#onVisible);
  }
  readonly #onStorage = ({ key }: StorageEvent) => {
    if (key === TOKEN_KEY || key === null) this.recheck();
  };
  readonly #onVisible = () => {
    if (document.visibilityState === 'visible') this.recheck();
  };

  async #call<T>(call: () => Promise<T>, isNews: () => boolean, done: (answer: T) => void): Promise<T> {
    const { user } = this.#state;
    const isOf = () => user === this.#state.user;
    this.#begun += 1;
    this.#calls += 1;
    this.#set({ loading: true, failure: null });
    try {
      const answer = await call();
      if (isOf() && isNews()) done(answer);
      return answer;
    } catch (failure) {
      if (isOf() && isNews()) this.#set({ failure });
      throw failure;
    } finally {
      if (isOf()) {
        this.#calls -= 1;
        this.#set({ loading: this.#calls > 0 });
      }
    }
  }

  #set(change: Partial<BindingState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }
}
