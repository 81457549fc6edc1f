import type { KeyId } from '../../contract/ids/key-id.ts';

const mostRemembered = 10_000;

/**
 * The keys that were verified and found to be none. Finding that out costs a second, so it is remembered: the same keys
 * are refused without another look, until the process ends.
 */
export class BadKeys {
  readonly #ids = new Set<KeyId>();

  add(id: KeyId): void {
    this.#ids.add(id);
    const [oldest] = this.#ids;
    if (this.#ids.size > mostRemembered && oldest !== undefined) this.#ids.delete(oldest);
  }

  has(id: KeyId): boolean {
    return this.#ids.has(id);
  }
}
