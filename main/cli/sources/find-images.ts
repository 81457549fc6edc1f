import { join, relative, resolve, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { type CodedError, CxrError, toCodedError } from '../../../contract/errors.ts';
import type { Digest } from '../../../contract/ids/digest.ts';
import type { Location, Scanned, Source } from '../../../contract/ipc/reader.ts';
import type { ReaderHost } from '../../host/reader-host.ts';
import { expandPattern } from './expand-pattern.ts';
import { readStandardInput } from './standard-input.ts';

/**
 * What was found for one file: where its image is, or why there is none. `file` is the path as it was given, and the path
 * inside a folder or an archive behind it. `pixels` is the digest of the image's stored pixels. `isNamed` says that somebody named this very file, rather than what it is in.
 */
export type Found = { readonly file: string; readonly isNamed: boolean } & (
  | { readonly location: Location; readonly pixels: Digest }
  | { readonly error: CodedError }
);

/** Where files are looked for, and with what. */
export type Search = {
  readonly reader: Pick<ReaderHost, 'scan'>;
  /** Standard input, which the path `-` stands for. */
  readonly input: Readable;
  readonly signal: AbortSignal;
};

/**
 * Finds the radiographs in files, folders, archives, DICOMDIRs, patterns and standard input. The reader looks at them, by
 * the rules of the window. Each path is looked at by itself: an image that is named twice is found twice.
 *
 * @returns what was found, in the order of the paths. A path that cannot be read, or in which there is nothing, is in it
 *          with the reason; one that an interruption came before is cancelled.
 */
export async function findImages(paths: readonly string[], search: Search): Promise<Found[]> {
  const found: Found[] = [];
  for (const path of paths) {
    try {
      for (const [given, source] of await sourcesOf(path, search)) await look(given, source, search, found);
    } catch (error) {
      found.push({ file: path, isNamed: true, error: toCodedError(error) });
    }
  }
  return found;
}

async function sourcesOf(path: string, { input, signal }: Search): Promise<[given: string, Source][]> {
  if (signal.aborted) throw new CxrError('cancelled');
  if (path === '-') {
    const bytes = await readStandardInput(input, signal);
    return [[path, { kind: 'bytes', id: 'standard-input', name: path, bytes }]];
  }
  const matches = await expandPattern(path, signal);
  if (signal.aborted) throw new CxrError('cancelled');
  if (matches?.length === 0) throw new CxrError('nothing-found', { reason: 'no match' });
  return (matches ?? [path]).map((match) => [match, { kind: 'path', path: resolve(match) }]);
}

/** Looks into one source. What was found before an interruption stays found. */
async function look(
  given: string,
  source: Source,
  { reader, signal }: Search,
  found: Found[],
): Promise<void> {
  const before = found.length;
  const hear = (scanned: readonly Scanned[]) => found.push(...scanned.map((one) => foundIn(given, one)));
  try {
    await reader.scan([source], hear, signal);
    if (found.length === before) throw new CxrError('nothing-found', { reason: 'empty' });
  } catch (error) {
    found.push({ file: given, isNamed: true, error: toCodedError(error) });
  }
}

function foundIn(given: string, scanned: Scanned): Found {
  const { location } = scanned;
  const within = location.kind === 'file' ? relative(resolve(given), location.path) : '';
  const here = {
    file: nameOf(given, within, location.inside),
    isNamed: within === '' && location.inside.length === 0,
  };
  return scanned.kind === 'taken'
    ? { ...here, location, pixels: scanned.pixels }
    : { ...here, error: scanned.error };
}

/** @param within  the way from the path that was given; it leads out of a DICOMDIR, to the files beside it. */
function nameOf(given: string, within: string, inside: readonly string[]): string {
  const file = within.startsWith(`..${sep}`)
    ? join(given, within)
    : [
        given.endsWith(sep) || given.endsWith('/') ? given.slice(0, -1) : given,
        ...(within === '' ? [] : [within]),
      ].join(sep);
  return [file, ...inside].join('/');
}
