/**
 * Counts what somebody asks for against what is allowed: so many a minute, and that many at once after a quiet minute. What
 * is not used is not saved up for longer.
 */
export class Rate {
  readonly #perMinute: number;
  readonly #now: () => number;
  readonly #left = new Map<string, { tokens: number; at: number }>();

  /** @param now  the time in ms; tests give another clock. */
  constructor(perMinute: number, now: () => number = () => performance.now()) {
    this.#perMinute = perMinute;
    this.#now = now;
  }

  /** Takes one for `who`; false where none is left. */
  allows(who: string): boolean {
    const now = this.#now();
    this.#forget(now);
    const { tokens, at } = this.#left.get(who) ?? { tokens: this.#perMinute, at: now };
    const grown = Math.min(this.#perMinute, tokens + ((now - at) * this.#perMinute) / 60_000);
    const isAllowed = grown >= 1;
    this.#left.set(who, { tokens: isAllowed ? grown - 1 : grown, at: now });
    return isAllowed;
  }

  /** After a minute everything is allowed again, so that nothing needs to be known. Callers can be of any number. */
  #forget(now: number): void {
    if (this.#left.size < 1024) return;
    for (const [who, { at }] of this.#left) if (now - at > 60_000) this.#left.delete(who);
    if (this.#left.size >= 1024) this.#left.delete(this.#left.keys().next().value!);
  }
}
