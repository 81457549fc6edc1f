import { lstat, open, opendir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { CxrError, toCodedError } from '../../contract/errors.ts';
import type { Digest } from '../../contract/ids/digest.ts';
import {
  type Location,
  placeOf,
  type Scanned,
  type ScanPast,
  type Source,
} from '../../contract/ipc/reader.ts';
import { filesOfDirectory } from '../../dicom/dataset/dicomdir.ts';
import type { Work } from './bench.ts';
import { type Decoders, decoders } from './decoders.ts';
import { maxFileBytes, readWhole, unreadable } from './location.ts';
import { type Archive, type ArchiveEntry, entriesOf, isZip } from './zip.ts';

const mostFiles = 50_000;
const deepestFolder = 32;
const deepestArchive = 2;
/** Inflated bytes of all archives of one drop: beyond it somebody means harm. */
const mostInflatedBytes = 16 * 2 ** 30;
/** What systems leave beside the files of people. */
const litter = /^(\.|~\$|__MACOSX$|Thumbs\.db$|desktop\.ini$)/i;
const directoryName = /^DICOMDIR$/i;

export type ScanOptions = {
  readonly inspect: Decoders['inspect'];
  /** Does the work on one file, when nothing else is done with any other. */
  readonly hold: <T>(location: Location, work: Work<T>) => Promise<T>;
  readonly past: ScanPast;
};

const alone: ScanOptions = {
  inspect: decoders.inspect,
  hold: (_, work) => work(async () => {}),
  past: { told: new Map(), condemned: new Map() },
};

/**
 * Finds the radiographs in files, folders, archives and DICOMDIRs, by content rather than by name. Every other file is
 * reported with the reason; links are not followed, and what systems leave behind is passed over.
 *
 * @param options  a scan without them has its process for itself, and begins at the beginning.
 */
export async function* scan(
  sources: readonly Source[],
  signal: AbortSignal,
  options: ScanOptions = alone,
): AsyncGenerator<Scanned> {
  const scanner = new Scanner(signal, options);
  for (const source of sources) {
    if (source.kind === 'path') yield* scanner.path(source.path, basename(source.path), 0, true);
    else yield* scanner.bytes(source.bytes, { kind: 'memory', id: source.id, inside: [] }, source.name);
  }
}

/** What stands at a path; `other` is neither a file nor a folder. */
type Found =
  | { readonly kind: 'file'; readonly head: Uint8Array }
  | { readonly kind: 'folder'; readonly names: readonly string[] }
  | { readonly kind: 'other' };

class Scanner {
  readonly #signal: AbortSignal;
  readonly #options: ScanOptions;
  /** The images that were taken: the digest of the pixels by UID. */
  readonly #seen: Map<string, Digest>;
  #files = 0;
  #inflated = 0;

  constructor(signal: AbortSignal, options: ScanOptions) {
    this.#signal = signal;
    this.#options = options;
    const taken = [...options.past.told.values()].filter((image) => image !== null);
    this.#seen = new Map(taken.map(({ uid, pixels }) => [uid, pixels]));
  }

  async *path(path: string, name: string, depth: number, dropped = false): AsyncGenerator<Scanned> {
    const location: Location = { kind: 'file', path, inside: [] };
    try {
      this.#signal.throwIfAborted();
      if (yield* this.#isSettled(location, name)) return;
      // Held, because a share that is gone answers none of this, and nobody could tell which file it was.
      const found = await this.#options.hold(location, () => this.#look(path, depth, dropped));
      if (found.kind === 'folder')
        for (const entry of found.names) yield* this.path(join(path, entry), `${name}/${entry}`, depth + 1);
      else if (found.kind === 'file') yield* this.#file(location, path, name, found.head, dropped);
      else if (dropped) throw new CxrError('file-unreadable', { reason: 'not a file' });
    } catch (error) {
      if (this.#signal.aborted) throw new CxrError('cancelled');
      yield skipped(location, name, error instanceof CxrError ? error : unreadable(error));
    }
  }

  /** What stands at a path: the names in a folder, or a file's first bytes. */
  async #look(path: string, depth: number, dropped: boolean): Promise<Found> {
    const facts = dropped ? await stat(path) : await lstat(path);
    if (facts.isFile()) {
      this.#count();
      return { kind: 'file', head: await headOf(path) };
    }
    if (!facts.isDirectory()) return { kind: 'other' };
    if (depth > deepestFolder) throw new CxrError('archive-too-large', { folders: depth });
    const names: string[] = [];
    for await (const entry of await opendir(path)) if (!litter.test(entry.name)) names.push(entry.name);
    return { kind: 'folder', names: names.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })) };
  }

  /** Whether an earlier reader came to an end with this file; one that killed it is told here. */
  *#isSettled(location: Location, name: string): Generator<Scanned, boolean> {
    const { told, condemned } = this.#options.past;
    const place = placeOf(location);
    const verdict = condemned.get(place);
    if (!told.has(place) && verdict === undefined) return false;
    this.#count();
    if (!told.has(place)) yield { kind: 'skipped', location, name, error: verdict! };
    return true;
  }

  async *#file(
    location: Location,
    path: string,
    name: string,
    head: Uint8Array,
    dropped: boolean,
  ): AsyncGenerator<Scanned> {
    const { hold } = this.#options;
    if (isZip(head)) return yield* this.#archive(path, location, name, 0);
    if (directoryName.test(basename(path))) {
      // In a folder its files are found anyway.
      if (!dropped) return;
      const named = await hold(location, async (begin) => {
        const bytes = await readWhole(path);
        await begin('inspect');
        return filesOfDirectory(bytes, dirname(path));
      });
      for (const file of named) yield* this.path(file, `${basename(dirname(path))}/${basename(file)}`, 0);
      return;
    }
    checkHead(head);
    yield await hold(location, async (begin) => {
      const bytes = await readWhole(path);
      await begin('inspect');
      return this.#take(bytes, location, name);
    });
  }

  /** Bytes that were dropped without a path. */
  async *bytes(bytes: Uint8Array, location: Location, name: string): AsyncGenerator<Scanned> {
    try {
      if (yield* this.#isSettled(location, name)) return;
      this.#count();
      if (isZip(bytes)) yield* this.#archive(bytes, location, name, 0);
      else
        yield await this.#options.hold(location, async (begin) => {
          await begin('inspect');
          return this.#take(bytes, location, name);
        });
    } catch (error) {
      if (this.#signal.aborted) throw new CxrError('cancelled');
      yield skipped(location, name, error);
    }
  }

  async *#archive(
    archive: Archive,
    location: Location,
    name: string,
    depth: number,
  ): AsyncGenerator<Scanned> {
    for await (const entry of this.#entries(archive, location)) {
      this.#signal.throwIfAborted();
      const parts = entry.name.split('/');
      if (parts.some((part) => litter.test(part)) || directoryName.test(parts.at(-1)!)) continue;
      const entryName = `${name}/${entry.name}`;
      const here = { ...location, inside: [...location.inside, entry.name] };
      try {
        if (yield* this.#isSettled(here, entryName)) {
          this.#inflated += entry.bytes;
          continue;
        }
        this.#count();
        this.#admit(entry);
        const found = await this.#entry(entry, here, entryName, depth);
        if (found instanceof Uint8Array) yield* this.#archive(found, here, entryName, depth + 1);
        else yield found;
      } catch (error) {
        if (this.#signal.aborted) throw error;
        yield skipped(here, entryName, error);
        if (toCodedError(error).code === 'archive-too-large') return;
      }
    }
  }

  /** The library parses the archive's directory from entry to entry. */
  async *#entries(archive: Archive, location: Location): AsyncGenerator<ArchiveEntry> {
    const entries = entriesOf(archive);
    try {
      for (;;) {
        const next = await this.#options.hold(location, () => entries.next());
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      await entries.return(undefined);
    }
  }

  #admit({ bytes }: ArchiveEntry): void {
    if (bytes > maxFileBytes) throw new CxrError('dicom-too-large', { bytes, expected: maxFileBytes });
    this.#inflated += bytes;
    if (this.#inflated > mostInflatedBytes)
      throw new CxrError('archive-too-large', { bytes: this.#inflated });
  }

  /** What came of an entry; its bytes when it is an archive that is to be looked into. */
  #entry(
    entry: ArchiveEntry,
    location: Location,
    name: string,
    depth: number,
  ): Promise<Scanned | Uint8Array> {
    return this.#options.hold(location, async (begin) => {
      const bytes = await entry.read();
      if (isZip(bytes) && depth + 1 < deepestArchive) return bytes;
      await begin('inspect');
      return this.#take(bytes, location, name);
    });
  }

  #count(): void {
    this.#files += 1;
    if (this.#files > mostFiles) throw new CxrError('archive-too-large', { files: mostFiles });
  }

  #take(bytes: Uint8Array, location: Location, name: string): Scanned {
    try {
      const { header, pixels } = this.#options.inspect(bytes);
      const { uid } = header.image;
      const before = this.#seen.get(uid);
      if (before !== undefined) throw new CxrError(before === pixels ? 'dicom-duplicate' : 'dicom-uid-taken');
      this.#seen.set(uid, pixels);
      return { kind: 'taken', location, name, header, pixels, bytes: bytes.length };
    } catch (error) {
      return skipped(location, name, error);
    }
  }
}

const skipped = (location: Location, name: string, error: unknown): Scanned => ({
  kind: 'skipped',
  location,
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
