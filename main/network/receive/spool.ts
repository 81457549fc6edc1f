import { createHash, type Hash, randomBytes } from 'node:crypto';
import { type FileHandle, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { CxrError } from '../../../contract/errors.ts';
import { makePrivateFolder } from '../../files/make-private-folder.ts';

/** An object that has arrived and lies in the spool until somebody says that it is done. */
export type Stored = {
  readonly path: string;
  readonly bytes: number;
  /** The Study Instance UID; null where the object does not say it. */
  readonly study: string | null;
  readonly sopInstance: string;
};

export type SpoolLimits = {
  /** The most that all objects in it have together, bytes. */
  readonly mostBytes: number;
  /** So much is left free on the disk, bytes. */
  readonly leastFreeBytes: number;
};

const partEnding = '.part';
const namePattern = /^(-|[\d.]{1,64})_([\d.]{1,64})_[0-9a-f]{32}\.dcm$/;
const noRoom: Readonly<Record<string, string>> = { ENOSPC: 'disk full', EDQUOT: 'quota' };

/**
 * The *spool* is the folder in which objects lie from their arrival until they are done. An object is written under another
 * name first and gets its own when it is whole and on the disk, so that what has its own name has survived any crash.
 * The name says study, instance and a digest of the content: an object that is sent twice is there once.
 */
export class Spool {
  readonly #folder: string;
  readonly #limits: SpoolLimits;
  #used = 0;
  /** The last change of a name; the next one waits for it. */
  #renaming: Promise<unknown> = Promise.resolve();

  private constructor(folder: string, limits: SpoolLimits) {
    this.#folder = folder;
    this.#limits = limits;
  }

  /**
   * Opens the spool. Halves of objects, from a process that died, are removed.
   *
   * @returns the spool, and the objects that lie in it and are not done yet.
   * @throws  CxrError 'folder-unusable'.
   */
  static async open(
    folder: string,
    limits: SpoolLimits,
  ): Promise<{ readonly spool: Spool; readonly waiting: readonly Stored[] }> {
    const spool = new Spool(folder, limits);
    const waiting: Stored[] = [];
    try {
      makePrivateFolder(folder);
      for (const name of (await readdir(folder)).toSorted()) {
        const path = join(folder, name);
        if (name.endsWith(partEnding)) await rm(path, { force: true });
        const [, study, sopInstance] = namePattern.exec(name) ?? [];
        if (sopInstance === undefined) continue;
        const { size } = await stat(path);
        spool.#used += size;
        waiting.push({ path, bytes: size, study: study === '-' ? null : study!, sopInstance });
      }
    } catch (cause) {
      const reason = String((cause as NodeJS.ErrnoException).code ?? 'unknown');
      const expected = 'a folder that this user may write to';
      throw new CxrError('folder-unusable', { setting: 'spool', folder, reason, expected }, { cause });
    }
    return { spool, waiting };
  }

  /** What all objects in it, and those that are arriving, have together, bytes. */
  get usedBytes(): number {
    return this.#used;
  }

  /** Begins an object. @throws CxrError 'spool-full'. */
  async begin(): Promise<Incoming> {
    const { leastFreeBytes } = this.#limits;
    const { bavail, bsize } = await statfs(this.#folder);
    if (bavail * bsize < leastFreeBytes)
      throw new CxrError('spool-full', { reason: 'disk nearly full', expected: leastFreeBytes });
    this.#take(0);
    const path = join(this.#folder, `${randomBytes(12).toString('hex')}${partEnding}`);
    const file = await open(path, 'wx', 0o600).catch(refuse);
    return new Incoming({
      path,
      file,
      folder: this.#folder,
      take: (bytes) => this.#take(bytes),
      give: (bytes) => this.#give(bytes),
      alone: (work) => this.#alone(work),
    });
  }

  /** Two associations that bring the same object at once must not both find its name free. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#renaming.then(work);
    this.#renaming = done.catch(() => {});
    return done;
  }

  /** Removes an object that is done. One that is gone already costs nothing. */
  async remove({ path, bytes }: Stored): Promise<void> {
    const isThere = await stat(path).then(
      () => true,
      () => false,
    );
    if (!isThere) return;
    await rm(path, { force: true });
    this.#give(bytes);
  }

  #take(bytes: number): void {
    const { mostBytes } = this.#limits;
    if (this.#used + bytes > mostBytes || (bytes === 0 && this.#used >= mostBytes))
      throw new CxrError('spool-full', { reason: 'share used up', expected: mostBytes });
    this.#used += bytes;
  }

  #give(bytes: number): void {
    this.#used -= bytes;
  }
}

function refuse(cause: unknown): never {
  const code = String((cause as NodeJS.ErrnoException).code ?? 'unknown');
  throw new CxrError('spool-full', { reason: noRoom[code] ?? code }, { cause });
}

type Place = {
  readonly path: string;
  readonly file: FileHandle;
  readonly folder: string;
  readonly take: (bytes: number) => void;
  readonly give: (bytes: number) => void;
  readonly alone: <T>(work: () => Promise<T>) => Promise<T>;
};

/** An object that is arriving. It ends with `commit` or `discard`. */
export class Incoming {
  readonly #place: Place;
  readonly #digest: Hash = createHash('sha256');
  #bytes = 0;
  #isOpen = true;

  constructor(place: Place) {
    this.#place = place;
  }

  /** Appends bytes. @throws CxrError 'spool-full'. */
  async write(bytes: Uint8Array): Promise<void> {
    this.#place.take(bytes.length);
    this.#bytes += bytes.length;
    this.#digest.update(bytes);
    await this.#place.file.writeFile(bytes).catch(refuse);
  }

  /**
   * Makes the object one of the spool; it is on the disk when this has happened.
   *
   * @throws CxrError 'spool-full'. The object is gone then.
   */
  async commit({ study, sopInstance }: Pick<Stored, 'study' | 'sopInstance'>): Promise<Stored> {
    const { file, folder, path: part, give, alone } = this.#place;
    const digest = this.#digest.digest('hex').slice(0, 32);
    const path = join(folder, `${study ?? '-'}_${sopInstance}_${digest}.dcm`);
    try {
      await file.sync();
      await file.close();
      await alone(async () => {
        const isThere = (await stat(path).catch(() => null))?.size === this.#bytes;
        // Not replaced: somebody may be reading it, and Windows replaces no file that is open.
        if (isThere) await rm(part);
        else await rename(part, path);
        this.#isOpen = false;
        if (isThere) give(this.#bytes);
      });
      await flushFolder(folder);
    } catch (error) {
      await this.discard();
      refuse(error);
    }
    return { path, bytes: this.#bytes, study, sopInstance };
  }

  /** Gives the object up. It does nothing after `commit`. */
  async discard(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#place.file.close().catch(() => {});
    await rm(this.#place.path, { force: true });
    this.#place.give(this.#bytes);
  }
}

/** With this a new name reaches the disk. Windows has no such call and does not need it. */
async function flushFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  await using handle = await open(folder, 'r');
  await handle.sync();
}
