import { type FileHandle, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from './atomic-write.ts';
import { makeFolder } from './make-folder.ts';
import { storageFault } from './storage-fault.ts';

/** Bodies that have not come whole, as files of one folder that grow at their ends. */
export class UploadFolder {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Makes the folder where it is missing. Only the process that holds the lock of the data folder calls it. */
  static async open(folder: string): Promise<UploadFolder> {
    await makeFolder(folder);
    return new UploadFolder(folder);
  }

  list(): Promise<string[]> {
    return readdir(this.#folder);
  }

  /** Bytes that are on the disk, 0 for a file that is not here. Those that a crash left in the system's memory are synced first. */
  async size(name: string): Promise<number> {
    if ((await stat(this.#pathOf(name)).catch(() => null)) === null) return 0;
    await using file = await open(this.#pathOf(name), 'r+');
    await file.sync();
    return (await file.stat()).size;
  }

  /**
   * Adds chunks to the end of a file, which is made when it is not here. What came before chunks throw is kept.
   * Everything is on the disk when this returns or throws.
   *
   * @throws CxrError `storage-full`, and what the chunks throw.
   */
  async append(name: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    try {
      await using file = await open(this.#pathOf(name), 'a', 0o600);
      await writeAll(file, chunks).finally(() => file.sync());
      await syncFolder(this.#folder);
    } catch (error) {
      throw storageFault(error);
    }
  }

  /** The first bytes of a file, at most `count`. */
  async head(name: string, count: number): Promise<Uint8Array> {
    await using file = await open(this.#pathOf(name), 'r');
    const { buffer, bytesRead } = await file.read(Buffer.alloc(count), 0, count, 0);
    return buffer.subarray(0, bytesRead);
  }

  /** All bytes of a file in chunks. */
  async stream(name: string): Promise<AsyncIterable<Uint8Array>> {
    const file = await open(this.#pathOf(name), 'r');
    return file.createReadStream();
  }

  /** Removes a file. Nothing happens for one that is not here. */
  async remove(name: string): Promise<void> {
    await rm(this.#pathOf(name), { force: true });
  }

  #pathOf(name: string): string {
    return join(this.#folder, name);
  }
}

async function writeAll(file: FileHandle, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of chunks) await file.writeFile(chunk);
}
