import { lstat, open, opendir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { CxrError, toCodedError } from '../../contract/errors.ts';
import type { Location, Scanned, Source } from '../../contract/ipc/reader.ts';
import { filesOfDirectory } from '../../dicom/dataset/dicomdir.ts';
import { checkRadiograph, readHeader } from '../../dicom/header.ts';
import { readDicom } from '../../dicom/read.ts';
import { maxFileBytes, readWhole, unreadable } from './location.ts';
import { type Archive, entriesOf, isZip } from './zip.ts';

const mostFiles = 50_000;
const deepestFolder = 32;
const deepestArchive = 2;
/** Inflated bytes of all archives of one drop: beyond it somebody means harm. */
const mostInflatedBytes = 16 * 2 ** 30;
/** What systems leave beside the files of people. */
const litter = /^(\.|~\$|__MACOSX$|Thumbs\.db$|desktop\.ini$)/i;
const directoryName = /^DICOMDIR$/i;

/**
 * Finds the radiographs in files, folders, archives and DICOMDIRs, by content rather than by name. Every other file is
 * reported with the reason; links are not followed, and what systems leave behind is passed over.
 */
export async function* scan(sources: readonly Source[], signal: AbortSignal): AsyncGenerator<Scanned> {
  const scanner = new Scanner(signal);
  for (const source of sources) {
    if (source.kind === 'path') yield* scanner.path(source.path, basename(source.path), 0, true);
    else yield* scanner.bytes(source.bytes, { kind: 'memory', id: source.id, inside: [] }, source.name);
  }
}

class Scanner {
  readonly #signal: AbortSignal;
  readonly #seen = new Set<string>();
  #files = 0;
  #inflated = 0;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  async *path(path: string, name: string, depth: number, dropped = false): AsyncGenerator<Scanned> {
    try {
      this.#signal.throwIfAborted();
      const facts = dropped ? await stat(path) : await lstat(path);
      if (facts.isDirectory()) yield* this.#folder(path, name, depth);
      else if (facts.isFile()) yield* this.#file(path, name, dropped);
      else if (dropped) throw new CxrError('file-unreadable', { reason: 'not a file' });
    } catch (error) {
      if (this.#signal.aborted) throw new CxrError('cancelled');
      yield skipped(name, error instanceof CxrError ? error : unreadable(error));
    }
  }

  async *#folder(path: string, name: string, depth: number): AsyncGenerator<Scanned> {
    if (depth > deepestFolder) throw new CxrError('archive-too-large', { folders: depth });
    const names: string[] = [];
    for await (const entry of await opendir(path)) if (!litter.test(entry.name)) names.push(entry.name);
    names.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
    for (const entry of names) yield* this.path(join(path, entry), `${name}/${entry}`, depth + 1);
  }

  async *#file(path: string, name: string, dropped: boolean): AsyncGenerator<Scanned> {
    this.#count();
    const head = await headOf(path);
    if (isZip(head)) return yield* this.#archive(path, { kind: 'file', path, inside: [] }, name, 0);
    if (directoryName.test(basename(path))) {
      // In a folder its files are found anyway.
      if (!dropped) return;
      for (const file of filesOfDirectory(await readWhole(path), dirname(path)))
        yield* this.path(file, `${basename(dirname(path))}/${basename(file)}`, 0);
      return;
    }
    checkHead(head);
    yield this.#take(await readWhole(path), { kind: 'file', path, inside: [] }, name);
  }

  /** Bytes that were dropped without a path. */
  async *bytes(bytes: Uint8Array, location: Location, name: string): AsyncGenerator<Scanned> {
    try {
      this.#count();
      if (isZip(bytes)) yield* this.#archive(bytes, location, name, 0);
      else yield this.#take(bytes, location, name);
    } catch (error) {
      if (this.#signal.aborted) throw new CxrError('cancelled');
      yield skipped(name, error);
    }
  }

  async *#archive(
    archive: Archive,
    location: Location,
    name: string,
    depth: number,
  ): AsyncGenerator<Scanned> {
    for await (const entry of entriesOf(archive)) {
      this.#signal.throwIfAborted();
      const parts = entry.name.split('/');
      if (parts.some((part) => litter.test(part)) || directoryName.test(parts.at(-1)!)) continue;
      const entryName = `${name}/${entry.name}`;
      try {
        this.#count();
        if (entry.bytes > maxFileBytes)
          throw new CxrError('dicom-too-large', { bytes: entry.bytes, expected: maxFileBytes });
        this.#inflated += entry.bytes;
        if (this.#inflated > mostInflatedBytes)
          throw new CxrError('archive-too-large', { bytes: this.#inflated });
        const bytes = await entry.read();
        const here = { ...location, inside: [...location.inside, entry.name] };
        if (isZip(bytes) && depth + 1 < deepestArchive)
          yield* this.#archive(bytes, here, entryName, depth + 1);
        else yield this.#take(bytes, here, entryName);
      } catch (error) {
        if (this.#signal.aborted) throw error;
        yield skipped(entryName, error);
        if (toCodedError(error).code === 'archive-too-large') return;
      }
    }
  }

  #count(): void {
    this.#files += 1;
    if (this.#files > mostFiles) throw new CxrError('archive-too-large', { files: mostFiles });
  }

  #take(bytes: Uint8Array, location: Location, name: string): Scanned {
    try {
      const header = readHeader(bytes);
      checkRadiograph(header);
      readDicom(bytes);
      if (this.#seen.has(header.image.uid)) throw new CxrError('dicom-duplicate');
      this.#seen.add(header.image.uid);
      return { kind: 'taken', location, name, header, bytes: bytes.length };
    } catch (error) {
      return skipped(name, error);
    }
  }
}

const skipped = (name: string, error: unknown): Scanned => ({
  kind: 'skipped',
  name,
  error: toCodedError(error),
});

const headBytes = 256;

async function headOf(path: string): Promise<Uint8Array> {
  await using file = await open(path, 'r');
  const { buffer, bytesRead } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
  return buffer.subarray(0, bytesRead);
}

/** A quick look before a file is read whole: the marker of part 10, or a first element of group 0008. */
function checkHead(head: Uint8Array): void {
  const isPart10 = Buffer.from(head.subarray(128, 132)).toString('latin1') === 'DICM';
  if (!isPart10 && !(head[0] === 8 && head[1] === 0))
    throw new CxrError('dicom-not-dicom', { reason: 'no DICM marker' });
}
