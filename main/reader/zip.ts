import { Readable } from 'node:stream';
import { type Entry, fromBufferPromise, openPromise, type ZipFile } from 'yauzl';
import { CxrError, toCodedError } from '../../contract/errors.ts';

/** Entries of one archive; a patient CD has some thousands. */
const mostEntries = 50_000;

/** A zip archive on disk, or in memory when it came out of another one. */
export type Archive = string | Uint8Array;

export type ArchiveEntry = {
  readonly name: string;
  /** Inflated size, as declared; more is never inflated. */
  readonly bytes: number;
  readonly isEncrypted: boolean;
  /** @throws CxrError 'archive-unreadable', 'archive-encrypted'. */
  read(): Promise<Uint8Array>;
};

/** Whether bytes begin a zip archive: one entry, none, or the first part of several. */
export const isZip = (head: Uint8Array): boolean =>
  head[0] === 0x50 && head[1] === 0x4b && [0x0304, 0x0506, 0x0708].includes((head[2]! << 8) | head[3]!);

/**
 * The files in an archive, in its order. Names are checked by the library: none leads outside.
 *
 * @throws CxrError 'archive-unreadable', 'archive-too-large'.
 */
export async function* entriesOf(archive: Archive): AsyncGenerator<ArchiveEntry> {
  const zip = await opened(archive);
  try {
    if (zip.entryCount > mostEntries) {
      throw new CxrError('archive-too-large', { entries: zip.entryCount, expected: mostEntries });
    }
    for await (const entry of zip.eachEntry()) {
      if (entry.fileName.endsWith('/')) continue;
      yield {
        name: entry.fileName,
        bytes: entry.uncompressedSize,
        isEncrypted: entry.isEncrypted(),
        read: () => inflate(zip, entry),
      };
    }
  } catch (error) {
    throw toArchiveError(error);
  } finally {
    zip.close();
  }
}

/** One file of an archive. @throws CxrError 'file-unreadable' when it is not there, those of `entriesOf`. */
export async function readEntry(archive: Archive, name: string, maxBytes: number): Promise<Uint8Array> {
  for await (const entry of entriesOf(archive)) {
    if (entry.name !== name) continue;
    if (entry.bytes > maxBytes)
      throw new CxrError('dicom-too-large', { bytes: entry.bytes, expected: maxBytes });
    return await entry.read();
  }
  throw new CxrError('file-unreadable', { reason: 'not in the archive' });
}

async function opened(archive: Archive): Promise<ZipFile> {
  const options = { lazyEntries: true, autoClose: false, strictFileNames: false } as const;
  try {
    return typeof archive === 'string'
      ? await openPromise(archive, options)
      : await fromBufferPromise(Buffer.from(archive.buffer, archive.byteOffset, archive.byteLength), options);
  } catch (error) {
    throw toArchiveError(error);
  }
}

async function inflate(zip: ZipFile, entry: Entry): Promise<Uint8Array> {
  if (entry.isEncrypted()) throw new CxrError('archive-encrypted');
  try {
    const chunks: Uint8Array[] = [];
    // The library ends the stream with an error where it would become longer than declared.
    const stream = await zip.openReadStreamPromise(entry);
    for await (const chunk of Readable.from(stream)) chunks.push(chunk as Uint8Array);
    return Buffer.concat(chunks);
  } catch (error) {
    throw toArchiveError(error);
  }
}

/** The library's messages quote names of files. */
function toArchiveError(error: unknown): CxrError {
  if (error instanceof CxrError) return error;
  const { code } = toCodedError(error);
  return code === 'cancelled' ? new CxrError('cancelled') : new CxrError('archive-unreadable');
}
