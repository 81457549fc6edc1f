import { CxrError } from '../../contract/errors.ts';
import type { Custody } from '../../contract/ipc/custody.ts';
import { sha256 } from '../../he/wire/frame.ts';
import type { WriteStep } from '../files/write-private.ts';
import { checkStrength } from './passphrase-key.ts';
import { keyBytes } from './sealed.ts';
import { type Body, decodeBody, emptyBody, encodeBody, succeed } from './vault-body.ts';
import { VaultDisk } from './vault-disk.ts';
import {
  freshDataKey,
  makeSlot,
  type Opener,
  openBody,
  openPassphraseSlot,
  openSystemSlot,
  parseVaultFile,
  sealBody,
  slotKinds,
  type VaultFile,
  vaultText,
} from './vault-file.ts';

export type VaultState = 'open' | 'locked';

/** What is in memory while a vault is open. `digest` is that of the file it was read from, null before there is one. */
type Opened = { dataKey: Buffer; slots: VaultFile['slots']; body: Body; digest: string | null };

/**
 * The workstation's keys, sealed in `<folder>/vault.json` (vault-file.ts). The system's keychain, a passphrase, or either
 * of them opens the file. Where there is neither, or no folder, the keys live in this process's memory and go with it.
 *
 * Every change replaces the whole file. Several processes may have one vault open: each reads what the others wrote
 * before it shows or changes anything.
 */
export class Vault implements Disposable {
  readonly #disk: VaultDisk | null;
  #systemKey: Uint8Array | null = null;
  #opened: Opened | null = null;

  private constructor({ folder, systemKey }: Custody, at: (step: WriteStep) => void) {
    this.#disk = folder === null ? null : new VaultDisk(folder, at);
    this.#know(systemKey);
  }

  #know(systemKey: Uint8Array | null): void {
    if (systemKey === null) return;
    if (systemKey.length !== keyBytes) throw new TypeError(`"systemKey" expected ${keyBytes} bytes`);
    this.#systemKey = systemKey;
  }

  /**
   * Opens the vault with the keychain's key where that suffices. It stays locked where a passphrase is needed, also
   * when the keychain has another key than it had. A vault that is new has no file before its first change.
   *
   * @param at  for tests, which let a write end half-way.
   * @throws CxrError `key-vault`, `key-file-version`, `key-file-costly`.
   */
  static async open(custody: Custody, at: (step: WriteStep) => void = () => {}): Promise<Vault> {
    const vault = new Vault(custody, at);
    const text = vault.#disk?.read() ?? null;
    if (text === null) await vault.#begin();
    else vault.#openWithKeychain(text);
    return vault;
  }

  get state(): VaultState {
    return this.#opened === null ? 'locked' : 'open';
  }

  /** What opens the file; nothing while keys are in memory only. @throws CxrError as `open`. */
  get slots(): readonly ('system' | 'passphrase')[] {
    if (this.#opened !== null) return slotKinds(this.#opened);
    const text = this.#disk?.read() ?? null;
    return text === null ? [] : slotKinds(parseVaultFile(text));
  }

  /** SHA-256 of the file as it was last read or written, hex; null where there is none. */
  get digest(): string | null {
    return this.#opened?.digest ?? null;
  }

  /** The names of the files of keys that were set aside. */
  get setAside(): readonly string[] {
    return this.#disk?.setAside ?? [];
  }

  /** The data key of another vault, which this one's keychain key opens too; null where it does not. */
  openOther(file: VaultFile): Buffer | null {
    return this.#systemKey === null ? null : openSystemSlot(file, this.#systemKey);
  }

  /** Whether keys outlive this process. */
  get isKept(): boolean {
    return this.slots.length > 0;
  }

  /**
   * Opens a locked vault. Where it is open, the passphrase is only tried.
   *
   * @param systemKey  the keychain's key, where it was held back while the vault was locked. From now on it can open the
   *   vault again, if somebody wants that (`protect`).
   * @throws CxrError `key-passphrase` for another one, `key-locked` where no passphrase opens this vault, and as `open`.
   */
  async unlock(passphrase: string, systemKey: Uint8Array | null = null): Promise<void> {
    const text = this.#disk?.read() ?? null;
    if (text === null) {
      if (this.#opened === null) throw new CxrError('key-vault', { reason: 'missing' });
      return;
    }
    const file = parseVaultFile(text);
    const dataKey = await openPassphraseSlot(file, passphrase);
    this.#know(systemKey);
    if (this.#opened === null) this.#take(text, file, dataKey);
    else dataKey.fill(0);
  }

  /** What the vault holds now. @throws CxrError `key-locked`, and as `open` for a file that was altered meanwhile. */
  get body(): Body {
    if (this.#opened === null) throw new CxrError('key-locked');
    this.#refresh(this.#opened);
    return this.#opened.body;
  }

  /** A copy of a key's seed, which the caller erases. @throws CxrError `key-unknown`, and as `body`. */
  seed(fingerprint: string): Buffer {
    const seed = this.body.seeds.get(fingerprint);
    if (seed === undefined) throw new CxrError('key-unknown', { fingerprint });
    return Buffer.from(seed);
  }

  /**
   * Changes what the vault holds: all of it, or nothing. The seed of a key that is left out is erased. When this returns,
   * the change is on the disk. A change that fails at the very last step, the flushing of the folder, may be there too.
   *
   * @param change  makes the new body of the present one, which it leaves as it is. Seeds that it adds become the
   *   vault's.
   * @throws CxrError `key-locked`, `key-vault-busy`, `key-unsaved`, and what `change` throws.
   */
  update(change: (body: Body) => Body): void {
    const opened = this.#opened;
    if (opened === null) throw new CxrError('key-locked');
    const work = () => {
      this.#refresh(opened);
      const body = change({ ...opened.body, seeds: new Map(opened.body.seeds) });
      this.#write(opened, body);
    };
    if (this.#disk === null || opened.slots.length === 0) work();
    else this.#disk.locked(work);
  }

  /**
   * Decides what opens the vault from now on. A passphrase replaces an earlier one. The data key is a new one, so that a
   * passphrase that was given away opens nothing that is written later.
   *
   * @throws CxrError `key-passphrase-weak`, `key-unsaved` where nothing would open it, `key-locked`, `key-vault-busy`.
   */
  async protect({ passphrase, system }: { passphrase: string | null; system: boolean }): Promise<void> {
    const opened = this.#opened;
    if (opened === null) throw new CxrError('key-locked');
    if (passphrase !== null) checkStrength(passphrase);
    const openers: Opener[] = [];
    // Left out in silence, it would leave the passphrase as the only way in for somebody who wants two.
    if (system && this.#systemKey === null) throw new CxrError('key-unsaved', { reason: 'no keychain' });
    if (system) openers.push({ kind: 'system', key: this.#systemKey! });
    if (passphrase !== null) openers.push({ kind: 'passphrase', passphrase });
    const disk = this.#disk;
    if (openers.length === 0 || disk === null)
      throw new CxrError('key-unsaved', { reason: 'nothing would open it' });
    const dataKey = freshDataKey();
    try {
      const slots = await Promise.all(openers.map((opener) => makeSlot(dataKey, opener)));
      disk.locked(() => this.#rekey(opened, Buffer.from(dataKey), slots));
    } finally {
      dataKey.fill(0);
    }
  }

  /** Whether this passphrase opens the vault: asked again before something that cannot be undone. */
  async admits(passphrase: string): Promise<boolean> {
    const text = this.#disk?.read() ?? null;
    if (text === null) return true;
    const file = parseVaultFile(text);
    const dataKey = await openPassphraseSlot(file, passphrase).catch(() => null);
    if (dataKey === null) return false;
    // A slot alone proves nothing: somebody may have put one of theirs into the file.
    const body = openBody(file, dataKey);
    dataKey.fill(0);
    body?.fill(0);
    return body !== null;
  }

  async #begin(): Promise<void> {
    const dataKey = freshDataKey();
    const slots =
      this.#disk === null || this.#systemKey === null
        ? []
        : [await makeSlot(dataKey, { kind: 'system', key: this.#systemKey })];
    this.#opened = { dataKey, slots, body: emptyBody(), digest: null };
  }

  #openWithKeychain(text: string): void {
    const file = parseVaultFile(text);
    if (this.#systemKey === null || !slotKinds(file).includes('system')) return;
    const dataKey = openSystemSlot(file, this.#systemKey);
    if (dataKey !== null) this.#take(text, file, dataKey);
    else if (!slotKinds(file).includes('passphrase'))
      throw new CxrError('key-vault', { reason: 'another keychain' });
  }

  /** Opens the body of the file with its data key, which becomes the vault's. @throws CxrError `key-vault`. */
  #take(text: string, file: VaultFile, dataKey: Buffer): void {
    const bytes = openBody(file, dataKey);
    if (bytes === null) {
      dataKey.fill(0);
      throw new CxrError('key-vault', { reason: 'altered' });
    }
    this.#opened = { dataKey, slots: file.slots, body: decoded(bytes), digest: digestOf(text) };
  }

  /** Takes over what another process wrote. @throws CxrError `key-locked` when it locked this one out. */
  #refresh(opened: Opened): void {
    // A vault that was closed during an `await` has only zeros left.
    if (this.#opened !== opened) throw new CxrError('key-locked');
    const text = this.#disk?.read() ?? null;
    if (text === null) return;
    const digest = digestOf(text);
    if (digest === opened.digest) return;
    const file = parseVaultFile(text);
    const bytes = openBody(file, opened.dataKey) ?? this.#openRekeyed(file, opened);
    if (bytes === null) {
      this[Symbol.dispose]();
      throw new CxrError('key-locked', { reason: 'changed elsewhere' });
    }
    opened.body = succeed(opened.body, decoded(bytes));
    opened.slots = file.slots;
    opened.digest = digest;
  }

  /** Another process changed the data key, or made the file that was new here too; the keychain's key opens both. */
  #openRekeyed(file: VaultFile, opened: Opened): Buffer | null {
    const dataKey = this.#systemKey === null ? null : openSystemSlot(file, this.#systemKey);
    if (dataKey === null) return null;
    const bytes = openBody(file, dataKey);
    if (bytes !== null) dataKey.copy(opened.dataKey);
    dataKey.fill(0);
    return bytes;
  }

  #rekey(opened: Opened, dataKey: Buffer, slots: VaultFile['slots']): void {
    this.#refresh(opened);
    const next: Opened = { ...opened, dataKey, slots };
    this.#write(next, opened.body);
    opened.dataKey.fill(0);
    Object.assign(opened, next);
  }

  #write(opened: Opened, change: Body): void {
    const body: Body = { ...change, revision: opened.body.revision + 1 };
    if (this.#disk !== null && opened.slots.length > 0) {
      const plain = encodeBody(body);
      const text = vaultText(sealBody(opened.slots, opened.dataKey, plain));
      plain.fill(0);
      this.#disk.write(text);
      opened.digest = digestOf(text);
    }
    opened.body = succeed(opened.body, body);
  }

  /** Erases what is in memory. Copies that the runtime made may remain until the process ends. */
  [Symbol.dispose](): void {
    if (this.#opened === null) return;
    this.#opened.dataKey.fill(0);
    for (const seed of this.#opened.body.seeds.values()) seed.fill(0);
    this.#opened = null;
  }
}

const digestOf = (text: string): string => sha256(Buffer.from(text, 'utf8'));

function decoded(bytes: Buffer): Body {
  try {
    return decodeBody(bytes);
  } finally {
    bytes.fill(0);
  }
}
