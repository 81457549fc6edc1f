import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writePrivate } from '../../files/write-private.ts';
import { hasKeychain, seal, unseal } from './keychain.ts';

/**
 * Keeps the evaluator's access token that somebody typed in. The system's keychain seals it on disk. Where there is no
 * keychain, it is remembered for this run only.
 */
export class AccessToken {
  readonly #path: string;
  #token: string | null;

  constructor(folder: string) {
    this.#path = join(folder, 'evaluator.token');
    this.#token = this.#stored();
  }

  /** The token, or null where there is none. */
  get value(): string | null {
    return this.#token;
  }

  /** Keeps another token; null forgets it. */
  set(token: string | null): void {
    this.#token = token;
    if (token === null) rmSync(this.#path, { force: true });
    else if (hasKeychain()) writePrivate(this.#path, seal(Buffer.from(token, 'utf8')));
  }

  #stored(): string | null {
    if (!existsSync(this.#path) || !hasKeychain()) return null;
    try {
      return Buffer.from(unseal(readFileSync(this.#path))).toString('utf8');
    } catch {
      // The keychain was reset, or another one is in use.
      return null;
    }
  }
}
