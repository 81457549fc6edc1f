/** What decides whether nobody is there. */
export type IdleWatchDeps = {
  /** How long nobody may be seen; 0 for no limit. It is asked at each look, because a setting may change. */
  readonly limitMinutes: () => number;
  /** Whether something is under way that somebody waits for. */
  readonly isBusy: () => boolean;
  readonly onIdle: () => void;
  /** Milliseconds. It goes on while the machine sleeps. */
  readonly now?: () => number;
};

/** How often it looks, milliseconds. */
const everyMs = 10_000;

/**
 * Notices that nobody has been at the window for some time. Time with work under way does not count. A machine that wakes
 * up has been idle while it slept.
 */
export class IdleWatch implements Disposable {
  readonly #deps: IdleWatchDeps;
  readonly #now: () => number;
  readonly #timer: NodeJS.Timeout;
  #seen: number;

  constructor(deps: IdleWatchDeps) {
    this.#deps = deps;
    this.#now = deps.now ?? Date.now;
    this.#seen = this.#now();
    this.#timer = setInterval(() => this.#look(), everyMs);
    this.#timer.unref();
  }

  /** Somebody did something. */
  seen(): void {
    // After a sleep the first touch may come before the first look.
    if (this.#isOverdue) this.#look();
    this.#seen = this.#now();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  get #isOverdue(): boolean {
    const limitMs = this.#deps.limitMinutes() * 60_000;
    return limitMs > 0 && this.#now() - this.#seen >= limitMs;
  }

  #look(): void {
    if (this.#deps.isBusy()) this.#seen = this.#now();
    if (!this.#isOverdue) return;
    this.#seen = this.#now();
    this.#deps.onIdle();
  }
}
