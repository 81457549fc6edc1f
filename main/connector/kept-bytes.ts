import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { writePrivate } from '../files/write-private.ts';

const digestBytes = 32;

/**
 * A folder of byte strings that must come back exactly or not at all. Each file begins with the SHA-256 of what follows,
 * so that a damaged one is noticed, removed and reported as missing.
 */
export class KeptBytes {
  readonly #folder: string;

  /** @param folder  made when something is first kept. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Keeps bytes under a name. They are on the disk when this returns. @throws the system's error. */
  put(name: string, bytes: Uint8Array): void {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    writePrivate(join(this.#folder, name), Buffer.concat([digestOf(bytes), bytes]));
  }

  /** Returns what was kept; null where there is nothing, or nothing whole. */
  get(name: string): Uint8Array | null {
    let kept: Buffer;
    try {
      kept = readFileSync(join(this.#folder, name));
    } catch {
      return null;
    }
    const bytes = kept.subarray(digestBytes);
    if (kept.length >= digestBytes && digestOf(bytes).equals(kept.subarray(0, digestBytes))) return bytes;
    this.remove(name);
    return null;
  }

  /** Forgets what was kept under a name, if anything was. What cannot be removed is left to a later sweep. */
  remove(name: string): void {
    try {
      rmSync(join(this.#folder, name), { force: true });
    } catch {
      // A disk that has become read-only, or no folder at all.
    }
  }

  /** Removes what was written longer ago than `ageMs`, also what a crash left half written. */
  sweep(ageMs: number, now = Date.now()): void {
    for (const name of this.#names()) {
      const written = statSync(join(this.#folder, name), { throwIfNoEntry: false })?.mtimeMs ?? now;
      if (now - written > ageMs) this.remove(name);
    }
  }

  #names(): string[] {
    try {
      return readdirSync(this.#folder);
    } catch {
      return [];
    }
  }
}

const digestOf = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();
