import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CxrError } from '../../contract/errors.ts';
import { writePrivate } from '../files/write-private.ts';

/**
 * Writes files into a folder, each whole or not at all and readable by this user only. A file that is there already with the same
 * bytes is left as it is.
 *
 * @throws CxrError `export-unwritable` at the first file that cannot be written; those before it stay.
 */
export function writeFiles(
  folder: string,
  files: readonly { readonly name: string; readonly bytes: Uint8Array }[],
): void {
  for (const { name, bytes } of files) {
    const path = join(folder, name);
    try {
      if (!isSame(path, bytes)) writePrivate(path, bytes);
    } catch (error) {
      removeUnfinished(path);
      const reason = (error as NodeJS.ErrnoException).code ?? 'other';
      throw new CxrError('export-unwritable', { reason }, { cause: error });
    }
  }
}

const isSame = (path: string, bytes: Uint8Array): boolean =>
  existsSync(path) && readFileSync(path).equals(bytes);

/** Where the folder itself is gone there is nothing to remove, and the system says so even to `force`. */
function removeUnfinished(path: string): void {
  try {
    rmSync(`${path}.new`, { force: true });
  } catch {
    // The first error is the one that is told.
  }
}
