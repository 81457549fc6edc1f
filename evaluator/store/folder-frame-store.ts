import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { type FileHandle, open, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { CxrError } from '../../contract/errors.ts';
import { type Digest, digestSchema, parseDigest } from '../../contract/ids/digest.ts';
import type { ByteSource } from '../../he/wire/byte-source.ts';
import { syncFolder, unfinishedPath, unfinishedPrefix } from './atomic-write.ts';
import type { FrameStore, OpenedFrame, StoredFrame } from './frame-store.ts';
import { makeFolder } from './make-folder.ts';
import { storageFault } from './storage-fault.ts';

/**
 * Frames as files of one folder, `<digest><suffix>`. Opening it costs nothing and touches nothing, so that every
 * worker has its own. Several stores may share a folder when their suffixes differ.
 */
export class FolderFrameStore implements FrameStore {
  readonly #folder: string;
  readonly #suffix: string;

  constructor(folder: string, suffix = '') {
    this.#folder = folder;
    this.#suffix = suffix;
  }

  /**
   * Makes the folder and removes what a crash left unfinished, and files with this store's suffix under names that no
   * frame has. Only the process that holds the lock of the data folder calls it, before anybody writes.
   */
  async tidy(): Promise<void> {
    await makeFolder(this.#folder);
    for (const name of await readdir(this.#folder)) {
      const isStray = this.#suffix !== '' && name.endsWith(this.#suffix) && this.#digestOf(name) === null;
      if (isStray || name.startsWith(unfinishedPrefix)) await rm(join(this.#folder, name), { force: true });
    }
  }

  async put(frame: Uint8Array | AsyncIterable<Uint8Array>): Promise<StoredFrame> {
    const temporary = unfinishedPath(join(this.#folder, `frame${this.#suffix}`));
    try {
      const chunks = frame instanceof Uint8Array ? [frame] : frame;
      const { digest, bytes } = await writeFrame(temporary, chunks);
      await this.#keep(temporary, digest, bytes);
      await syncFolder(this.#folder);
      return { digest, bytes, usedAt: Date.now() };
    } catch (error) {
      throw storageFault(error);
    } finally {
      await rm(temporary, { force: true });
    }
  }

  get(digest: Digest): Promise<Uint8Array | null> {
    return nullIfMissing(readFile(this.#pathOf(digest)));
  }

  async stream(digest: Digest): Promise<AsyncIterable<Uint8Array> | null> {
    const file = await nullIfMissing(open(this.#pathOf(digest)));
    return file === null ? null : file.createReadStream();
  }

  async open(digest: Digest): Promise<OpenedFrame | null> {
    const file = await nullIfMissing((async () => openSync(this.#pathOf(digest), 'r'))());
    if (file === null) return null;
    return { source: fileSource(file), [Symbol.dispose]: () => closeSync(file) };
  }

  async has(digest: Digest): Promise<boolean> {
    return (await this.size(digest)) !== null;
  }

  async size(digest: Digest): Promise<number | null> {
    return (await nullIfMissing(stat(this.#pathOf(digest))))?.size ?? null;
  }

  async touch(digest: Digest): Promise<void> {
    const now = new Date();
    await nullIfMissing(utimes(this.#pathOf(digest), now, now));
  }

  async remove(digest: Digest): Promise<void> {
    await rm(this.#pathOf(digest), { force: true });
  }

  async list(): Promise<readonly StoredFrame[]> {
    const frames: StoredFrame[] = [];
    for (const name of await readdir(this.#folder)) {
      const digest = this.#digestOf(name);
      const found = digest === null ? null : await nullIfMissing(stat(join(this.#folder, name)));
      if (digest !== null && found !== null)
        frames.push({ digest, bytes: found.size, usedAt: Math.floor(found.mtimeMs) });
    }
    return frames.sort((left, right) => left.usedAt - right.usedAt || (left.digest < right.digest ? -1 : 1));
  }

  /** Windows refuses to replace a file that somebody reads; the one that is there is the same frame. */
  async #keep(temporary: string, digest: Digest, bytes: number): Promise<void> {
    try {
      await rename(temporary, this.#pathOf(digest));
    } catch (error) {
      if ((await this.size(digest)) !== bytes) throw error;
    }
  }

  #pathOf(digest: Digest): string {
    return join(this.#folder, `${digest}${this.#suffix}`);
  }

  #digestOf(name: string): Digest | null {
    if (!name.endsWith(this.#suffix)) return null;
    const parsed = digestSchema.safeParse(name.slice(0, name.length - this.#suffix.length));
    return parsed.success ? parsed.data : null;
  }
}

async function writeFrame(
  path: string,
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<{ digest: Digest; bytes: number }> {
  await using file: FileHandle = await open(path, 'wx', 0o600);
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of chunks) {
    hash.update(chunk);
    bytes += chunk.length;
    await file.writeFile(chunk);
  }
  await file.sync();
  return { digest: parseDigest(hash.digest('hex')), bytes };
}

/** @throws CxrError `frame-truncated` when the file has become shorter. */
function fileSource(file: number): ByteSource {
  return {
    length: fstatSync(file).size,
    read: (at, count) => {
      const bytes = new Uint8Array(count);
      const got = readSync(file, bytes, 0, count, at);
      if (got < count) throw new CxrError('frame-truncated', { got, expected: count });
      return bytes;
    },
  };
}

async function nullIfMissing<T>(reading: Promise<T>): Promise<T | null> {
  try {
    return await reading;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
