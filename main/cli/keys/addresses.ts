import { readFileSync, statSync } from 'node:fs';
import { CxrError } from '../../../contract/errors.ts';
import { areHybrid, olderSealing } from '../../../contract/words/sealing.ts';
import { UsageError } from '../usage-error.ts';
import type { KeyArguments } from './read-key-arguments.ts';

/**
 * Collects those who can open a file. Addresses may stand in files, one a line, as programs for age read them.
 *
 * @throws UsageError for none and for too many; CxrError `file-unreadable`.
 */
export function addressesOf(args: KeyArguments): string[] {
  const lines = args.texts('to-file').flatMap((file) => readLines(file));
  const addresses = [...args.texts('to'), ...lines];
  if (addresses.length === 0) throw new UsageError('nobody is named; give --to or --to-file');
  if (addresses.length > 100) throw new UsageError('a file is for 100 addresses at most');
  return addresses;
}

function readLines(file: string): string[] {
  try {
    if (statSync(file).size > 1024 * 1024) throw Object.assign(new Error(), { code: 'too large' });
    const lines = readFileSync(file, 'utf8').split(/\r?\n/);
    return lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
  } catch (cause) {
    throw new CxrError(
      'file-unreadable',
      { reason: (cause as NodeJS.ErrnoException).code ?? 'read' },
      { cause },
    );
  }
}

/** A warning where a quantum computer could open the file. */
export const olderLines = (addresses: readonly string[]): string[] =>
  areHybrid(addresses) ? [] : [olderSealing];
