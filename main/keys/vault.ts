import { existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Custody } from '../../contract/custody.ts';
import { CxrError } from '../../contract/errors.ts';
import { sha256 } from '../../he/frame.ts';
import { type WriteStep, writePrivate } from '../write-private.ts';
import { withFileLock } from './file-lock.ts';
import { checkStrength, freshKdf } from './passphrase-key.ts';
import { type Body, decodeBody, emptyBody, encodeBody } from './vault-body.ts';
import {
  freshDataKey,
  makeSlot,
  mostVaultBytes,
  type Opener,
  openBody,
  openSlot,
  parseVaultFile,
  sealBody,
  slotKinds,
  type VaultFile,
} from './vault-file.ts';

export type VaultState = 'open' | 'locked';

/** What is in memory while a vault is open. */
type Opened = { dataKey: Buffer; slots: VaultFile['slots']; body: Body; digest: string | null };

/**
 * The workstation's keys: sealed in `<folder>/vault.json` under a data key, which lies in a slot for the system's keychain
 * and one for a passphrase. Where there is neither, or no folder, the keys live in this process's memory and go with it.
 *
 * Every change is one file replaced by another; several processes may have the vault open, each change starts from what
 * the file says.
 */
export class Vault implements Disposable {
  readonly #path: string | null;
  readonly #systemKey: Uint8Array | null;
  readonly #at: (step: WriteStep) => void;
  #opened: Opened | null = null;

  private constructor(custody: Custody, at: (step: WriteStep) => void) {
    this.#path = custody.folder === null ? null : join(custody.folder, 'vault.json');
    this.#systemKey = custody.systemKey;
    this.#at = at;
  }

  /**
   * Opens with the keychain's key where that suffices; locked where a passphrase is needed.
   *
   * @param at  for tests, which let a write end half-way.
   * @throws CxrError `key-vault`, `key-file-version`.
   */
  static async open(custody: Custody, at: (step: WriteStep) => void = () => {}): Promise<Vault> {
    const vault = new Vault(custody, at);
    const file = vault.#read();
    if (file === null) {
      vault.#opened = { dataKey: freshDataKey(), slots: [], body: emptyBody(), digest: null };
      if (custody.systemKey !== null && vault.#path !== null)
        await vault.#addSlot({ kind: 'system', key: custody.systemKey });
    } else if (custody.systemKey !== null && slotKinds(file).includes('system')) {
      const opening = vault.#openWith({ kind: 'system', key: custody.systemKey });
      // A keychain that was reset: the passphrase still opens it, if there is one.
      await (slotKinds(file).includes('passphrase') ? opening.catch(() => {}) : opening);
    }
    return vault;
  }

  get state(): VaultState {
    return this.#opened === null ? 'locked' : 'open';
  }

  /** What opens the file; nothing while keys are in memory only. */
  get slots(): readonly ('system' | 'passphrase')[] {
    const file = this.#opened === null ? this.#read() : this.#opened;
    return (file?.slots ?? []).map(({ kind }) => kind);
  }

  /** Whether keys outlive this process. */
  get isKept(): boolean {
    return this.#path !== null && this.slots.length > 0;
  }

  /** @throws CxrError `key-passphrase`, `key-vault`; `key-locked` when a passphrase does not open this vault. */
  async unlock(passphrase: string): Promise<void> {
    await this.#openWith({ kind: 'passphrase', passphrase });
  }

  /** What the vault holds now. @throws CxrError `key-locked`. */
  get body(): Body {
    if (this.#opened === null) throw new CxrError('key-locked');
    this.#refresh(this.#opened);
    return this.#opened.body;
  }

  /** Changes what the vault holds: all of it, or nothing. @throws CxrError `key-locked`, `key-vault-busy`, `key-unsaved`. */
  update(change: (body: Body) => Body): void {
    const opened = this.#opened;
    if (opened === null) throw new CxrError('key-locked');
    this.#locked(() => {
      this.#refresh(opened);
      const body = change(opened.body);
      this.#write(opened, { ...body, revision: opened.body.revision + 1 });
    });
  }

  /**
   * Decides what opens the vault from now on. A passphrase replaces an earlier one; the data key is a new one, so that a
   * passphrase that was given away opens nothing that is written later.
   *
   * @throws CxrError `key-passphrase-weak`, `key-unsaved` when nothing would open it, `key-locked`.
   */
  async protect({
    passphrase,
    system,
  }: {
    passphrase: string | null;
    system: boolean;
  }): Promise<void> {
    const opened = this.#opened;
    if (opened === null) throw new CxrError('key-locked');
    if (passphrase !== null) checkStrength(passphrase);
    const openers: Opener[] = [];
    if (system && this.#systemKey !== null) openers.push({ kind: 'system', key: this.#systemKey });
    if (passphrase !== null) openers.push({ kind: 'passphrase', passphrase });
    if (openers.length === 0 || this.#path === null)
      throw new CxrError('key-unsaved', { reason: 'nothing would open it' });
    const dataKey = freshDataKey();
    const slots = await Promise.all(openers.map((opener) => makeSlot(dataKey, opener, freshKdf())));
    this.#locked(() => {
      this.#refresh(opened);
      const next: Opened = { ...opened, dataKey, slots };
      this.#write(next, { ...opened.body, revision: opened.body.revision + 1 });
      opened.dataKey.fill(0);
      Object.assign(opened, next);
    });
  }

  /** Whether this passphrase opens the vault: asked again before something that cannot be undone. */
  async admits(passphrase: string): Promise<boolean> {
    const file = this.#read();
    if (file === null) return true;
    const dataKey = await openSlot(file, { kind: 'passphrase', passphrase }).catch(() => null);
    dataKey?.fill(0);
    return dataKey !== null;
  }

  async #addSlot(opener: Opener): Promise<void> {
    const opened = this.#opened!;
    opened.slots = [...opened.slots, await makeSlot(opened.dataKey, opener, freshKdf())];
  }

  async #openWith(opener: Opener): Promise<void> {
    const file = this.#read();
    if (file === null) return;
    const dataKey = await openSlot(file, opener);
    if (dataKey === null) throw new CxrError('key-locked', { reason: `no ${opener.kind} slot` });
    const opened: Opened = { dataKey, slots: file.slots, body: emptyBody(), digest: null };
    this.#refresh(opened);
    this.#opened = opened;
  }

  /** Takes over what another process wrote. @throws CxrError `key-locked` when it locked this one out. */
  #refresh(opened: Opened): void {
    if (this.#path === null || !existsSync(this.#path)) return;
    const text = this.#text();
    const digest = sha256(Buffer.from(text, 'utf8'));
    if (digest === opened.digest) return;
    const file = parseVaultFile(text);
    let bytes: Buffer;
    try {
      bytes = openBody(file, opened.dataKey);
    } catch (error) {
      const isRekeyed = opened.digest !== null && error instanceof CxrError;
      if (!isRekeyed) throw error;
      this[Symbol.dispose]();
      throw new CxrError('key-locked', { reason: 'changed elsewhere' });
    }
    const body = decodeBody(bytes);
    bytes.fill(0);
    Object.assign(opened, { slots: file.slots, body, digest });
  }

  #write(opened: Opened, body: Body): void {
    if (this.#path !== null && opened.slots.length > 0) {
      const plain = encodeBody(body);
      const text = `${JSON.stringify(sealBody(opened.slots, opened.dataKey, plain), null, 2)}\n`;
      plain.fill(0);
      try {
        writePrivate(this.#path, text, this.#at);
      } catch (cause) {
        throw new CxrError('key-unsaved', { reason: (cause as NodeJS.ErrnoException).code ?? 'write' }, { cause });
      }
      opened.digest = sha256(Buffer.from(text, 'utf8'));
    }
    for (const [fingerprint, seed] of opened.body.seeds) if (!body.seeds.has(fingerprint)) seed.fill(0);
    opened.body = body;
  }

  #locked(work: () => void): void {
    if (this.#path === null) return work();
    mkdirSync(join(this.#path, '..'), { recursive: true, mode: 0o700 });
    withFileLock(`${this.#path}.lock`, work);
  }

  #read(): VaultFile | null {
    return this.#path === null || !existsSync(this.#path) ? null : parseVaultFile(this.#text());
  }

  #text(): string {
    try {
      if (statSync(this.#path!).size <= mostVaultBytes) return readFileSync(this.#path!, 'utf8');
    } catch (cause) {
      throw new CxrError('key-vault', { reason: 'cannot be read' }, { cause });
    }
    throw new CxrError('key-vault', { reason: 'too large' });
  }

  /** Forgets what is in memory; ending the process is what really does. */
  [Symbol.dispose](): void {
    if (this.#opened === null) return;
    this.#opened.dataKey.fill(0);
    for (const seed of this.#opened.body.seeds.values()) seed.fill(0);
    this.#opened = null;
  }
}

/** Removes what a crash left beside the vault. */
export const sweep = (folder: string): void => rmSync(join(folder, 'vault.json.new'), { force: true });
