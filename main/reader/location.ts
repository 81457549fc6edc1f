import { open, readFile } from 'node:fs/promises';
import { CxrError } from '../../contract/errors.ts';
import type { Location } from '../../contract/ipc/reader.ts';
import { maxDroppedBytes } from '../../contract/limits.ts';
import { readEntry } from './zip.ts';

/** Largest file that is read, bytes. */
export const maxFileBytes = maxDroppedBytes;

/**
 * The bytes of an image.
 *
 * @param kept  bytes that were dropped without a path, by id.
 * @throws CxrError 'file-unreadable', 'dicom-too-large', those of the archive.
 */
export async function readLocation(
  location: Location,
  kept: ReadonlyMap<string, Uint8Array> = new Map(),
): Promise<Uint8Array> {
  const [entry, ...deeper] = location.inside;
  const outermost = location.kind === 'file' ? location.path : kept.get(location.id);
  if (outermost === undefined) throw new CxrError('file-unreadable', { reason: 'no longer kept' });
  if (entry === undefined) return typeof outermost === 'string' ? readWhole(outermost) : outermost;
  let bytes = await readEntry(outermost, entry, maxFileBytes);
  for (const name of deeper) bytes = await readEntry(bytes, name, maxFileBytes);
  return bytes;
}

/** Reads a whole file of at most `maxFileBytes`. @throws CxrError 'file-unreadable', 'dicom-too-large'. */
export async function readWhole(path: string): Promise<Uint8Array> {
  try {
    await using file = await open(path, 'r');
    const { size } = await file.stat();
    if (size > maxFileBytes) throw new CxrError('dicom-too-large', { bytes: size, expected: maxFileBytes });
  } catch (error) {
    throw error instanceof CxrError ? error : unreadable(error);
  }
  return readFile(path).catch((error: unknown) => {
    throw unreadable(error);
  });
}

/** The system's code and nothing else: its message holds the path. */
export function unreadable(error: unknown): CxrError {
  const code = (error as { code?: unknown } | null)?.code;
  return new CxrError('file-unreadable', { reason: typeof code === 'string' ? code : 'unknown' });
}
