import type { Custody } from '../../../contract/ipc/custody.ts';
import { testCryptography } from '../../vault/self-test.ts';
import { Vault } from '../../vault/vault.ts';

/**
 * The one vault of this process, opened when somebody first needs it. The primitives that it rests on are tested before.
 * A vault that could not be opened is tried again at the next call: a disk may come back, another program may let go.
 */
export class VaultAccess {
  readonly custody: Custody;
  #vault: Promise<Vault> | undefined;

  constructor(custody: Custody) {
    this.custody = custody;
  }

  /** @throws CxrError `key-crypto`, and as `Vault.open`. */
  open(): Promise<Vault> {
    this.#vault ??= this.#open().catch((error: unknown) => {
      this.#vault = undefined;
      throw error;
    });
    return this.#vault;
  }

  async #open(): Promise<Vault> {
    await testCryptography();
    return Vault.open(this.custody);
  }
}
