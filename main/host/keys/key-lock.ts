import { CxrError } from '../../../contract/errors.ts';
import type { Custody } from '../../../contract/ipc/custody.ts';
import type { KeyLockState } from '../../../contract/ipc/window.ts';
import type { EngineHost } from '../engine/engine-host.ts';

/** What a lock needs of others. */
export type KeyLockDeps = {
  readonly engine: Pick<EngineHost, 'replace' | 'keys'>;
  /** What opens the vault when nothing is locked. It changes when another vault begins. */
  readonly custody: () => Custody;
  /** Sets the vault aside (`setVaultAside`) and returns where it lies then. */
  readonly setAside: () => string;
  /** Whether a vault is on the disk. Keys that are in memory only would be gone with their engine. */
  readonly isKept: () => boolean;
  readonly changed: (state: KeyLockState) => void;
};

/**
 * Takes the keys out of memory and brings them back. The only memory that is surely cleared is that of a process that has
 * ended. So the engine is replaced by one that is not given the key of the system's keychain: it finds the vault shut.
 */
export class KeyLock {
  readonly #deps: KeyLockDeps;
  #state: KeyLockState = 'open';

  constructor(deps: KeyLockDeps) {
    this.#deps = deps;
  }

  get state(): KeyLockState {
    return this.#state;
  }

  /** What the next engine is to be told about keys. */
  get custody(): Custody {
    const custody = this.#deps.custody();
    return this.#state === 'open' ? custody : { ...custody, systemKey: null };
  }

  /**
   * Locks because a person asked for it. Only a person unlocks again. The engine is not asked before: it may be busy.
   *
   * @returns false where keys live in memory only: locking would destroy them.
   */
  async lock(): Promise<boolean> {
    if (!this.#deps.isKept()) return false;
    await this.#become('locked');
    return true;
  }

  /**
   * Locks because nobody is there. Where the vault opens without a passphrase, the keys come back by themselves with
   * `somebodyCame`. Asking for a click then would keep nobody away who sits at this machine.
   */
  async nobodyIsThere(): Promise<void> {
    if (this.#state !== 'open' || !this.#deps.isKept()) return;
    await this.#become((await this.#hasPassphrase()) ? 'locked' : 'away');
  }

  /** Brings back the keys that left only because nobody was there. */
  async somebodyCame(): Promise<void> {
    if (this.#state === 'away') await this.#become('open');
  }

  /**
   * Unlocks without a passphrase.
   *
   * @returns false where a passphrase guards the vault.
   */
  async unlock(): Promise<boolean> {
    if (this.#state === 'open') return true;
    if (await this.#hasPassphrase()) return false;
    await this.#become('open');
    return true;
  }

  /**
   * Sets a vault aside that does not open, and begins another one.
   *
   * @returns the path of the file that was set aside.
   * @throws CxrError `request-invalid` while the keys are open; as `setVaultAside` and `EngineHost.keys`.
   */
  async beginAnew(): Promise<string> {
    if (await this.#isInUse()) throw new CxrError('request-invalid', { reason: 'the keys are open' });
    let aside = '';
    await this.#deps.engine.replace({ code: 'key-locked', detail: {} }, () => {
      aside = this.#deps.setAside();
      this.#state = 'open';
    });
    this.#deps.changed('open');
    return aside;
  }

  /** Notes that a passphrase has opened the vault. An engine that follows this one is given what the first one was. */
  opened(): void {
    if (this.#state === 'open') return;
    this.#state = 'open';
    this.#deps.changed('open');
  }

  async #become(state: KeyLockState): Promise<void> {
    if (this.#state === state) return;
    this.#state = state;
    await this.#deps.engine.replace({ code: 'key-locked', detail: {} });
    // Told when it is true, and the engine can be asked. Another change may have come meanwhile.
    this.#deps.changed(this.#state);
  }

  async #hasPassphrase(): Promise<boolean> {
    const { opensWith } = await this.#deps.engine.keys({ kind: 'state' }, null);
    return opensWith.includes('passphrase');
  }

  async #isInUse(): Promise<boolean> {
    try {
      return !(await this.#deps.engine.keys({ kind: 'state' }, null)).locked;
    } catch (error) {
      // A vault that is damaged, or that only a keychain opens which is gone.
      if (error instanceof CxrError && error.code.startsWith('key-')) return false;
      throw error;
    }
  }
}
