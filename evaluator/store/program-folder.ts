import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BundleId } from '../../contract/ids/bundle-id.ts';
import { writeAtomically } from './atomic-write.ts';
import { makeFolder } from './make-folder.ts';

/**
 * Compiled programs as files of one folder of the data folder, one per bundle (26 MB for the shipped network). Nothing
 * here is trusted: whoever reads one compares it with what its bundle describes.
 */
export class ProgramFolder {
  readonly #folder: string;
  readonly #served: ReadonlySet<string>;

  /** @param served  the bundles whose programs are kept. Those of others are removed with the next that is written. */
  constructor(dataFolder: string, served: Iterable<BundleId>) {
    this.#folder = join(dataFolder, 'programs');
    this.#served = new Set(served);
  }

  read(bundle: BundleId): Promise<Uint8Array | null> {
    return readFile(join(this.#folder, bundle)).catch(() => null);
  }

  /** @throws the system's error. */
  async write(bundle: BundleId, bytes: Uint8Array): Promise<void> {
    await makeFolder(this.#folder);
    for (const name of await readdir(this.#folder))
      if (!this.#served.has(name)) await rm(join(this.#folder, name), { force: true });
    await writeAtomically(join(this.#folder, bundle), bytes);
  }
}
