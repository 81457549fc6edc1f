import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CxrError } from '../../contract/errors.ts';
import { makePrivateFolder } from '../files/make-private-folder.ts';
import { type WriteStep, writePrivate } from '../files/write-private.ts';
import { withFileLock } from './file-lock.ts';
import { mostVaultBytes } from './vault-file.ts';

/** The vault's file in its folder, which several processes may read and replace. */
export class VaultDisk {
  readonly #folder: string;
  readonly #path: string;
  readonly #at: (step: WriteStep) => void;

  constructor(folder: string, at: (step: WriteStep) => void) {
    this.#folder = folder;
    this.#path = join(folder, 'vault.json');
    this.#at = at;
  }

  /** The file's text; null where there is no file. @throws CxrError `key-vault`. */
  read(): string | null {
    try {
      if (statSync(this.#path).size <= mostVaultBytes) return readFileSync(this.#path, 'utf8');
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code === 'ENOENT') return null;
      throw new CxrError('key-vault', { reason: code ?? 'cannot be read' }, { cause });
    }
    throw new CxrError('key-vault', { reason: 'too large' });
  }

  /** The names of vaults that were set aside beside this one (`setVaultAside`). */
  get setAside(): readonly string[] {
    try {
      return readdirSync(this.#folder)
        .filter((name) => name.startsWith('keys-set-aside-'))
        .toSorted();
    } catch {
      return [];
    }
  }

  /** Replaces the file, whole or not at all; within `locked` only. @throws CxrError `key-unsaved`. */
  write(text: string): void {
    if (Buffer.byteLength(text, 'utf8') > mostVaultBytes)
      throw new CxrError('key-unsaved', { reason: 'too large' });
    try {
      writePrivate(this.#path, text, this.#at);
    } catch (cause) {
      throw unsaved(cause);
    }
  }

  /** Does `work` while no other process changes the file. @throws CxrError as `withFileLock`. */
  locked(work: () => void): void {
    try {
      makePrivateFolder(this.#folder);
    } catch (cause) {
      throw unsaved(cause);
    }
    withFileLock(`${this.#path}.lock`, work);
  }
}

const unsaved = (cause: unknown): CxrError =>
  new CxrError('key-unsaved', { reason: (cause as NodeJS.ErrnoException).code ?? 'write' }, { cause });

/**
 * Removes what a crash left beside the vault: a sealed file that was not finished. It waits until nobody is writing one.
 *
 * @throws CxrError as `withFileLock`.
 */
export function sweep(folder: string): void {
  const unfinished = join(folder, 'vault.json.new');
  if (!existsSync(unfinished)) return;
  withFileLock(join(folder, 'vault.json.lock'), () => rmSync(unfinished, { force: true }));
}
