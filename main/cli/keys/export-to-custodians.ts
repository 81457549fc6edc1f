import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { CxrError } from '../../../contract/errors.ts';
import { fewestCustodians, mostCustodians } from '../../../contract/ipc/custodians.ts';
import { UsageError } from '../usage-error.ts';
import { chooseKey } from './choose-key.ts';
import type { KeyDeskSession } from './open-session.ts';
import type { KeyArguments } from './read-key-arguments.ts';
import type { Said } from './said.ts';

/**
 * Writes a page for each custodian of a key into a folder, which is made where there is none.
 *
 * @throws UsageError for another number than 3 to 8, and beside flags of an export to one file.
 * @throws CxrError   `key-unsaved` where the folder cannot be made; as `EngineHost.keys`.
 */
export async function exportToCustodians(args: KeyArguments, { state, ask }: KeyDeskSession): Promise<Said> {
  const of = numberOf(args);
  const key = chooseKey(state.keys, args.text('key'));
  const folder = resolve(args.positionals[0]!);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new CxrError(
      'key-unsaved',
      { reason: (cause as NodeJS.ErrnoException).code ?? 'write' },
      { cause },
    );
  }
  const { fingerprint, words } = key;
  const reply = await ask({ kind: 'export', fingerprint, to: { kind: 'shares', of } }, folder);
  return {
    reply,
    lines: [
      `${words.join(' ')}: ${of} pages in ${folder}, any two of which open it`,
      'Give each page to another person, and delete the files. Two pages must not lie in one place.',
    ],
  };
}

function numberOf(args: KeyArguments): number {
  if (args.has('sheet') || args.has('force') || args.text('export-passphrase-file') !== undefined)
    throw new UsageError('--custodians goes with none of --sheet, --force and --export-passphrase-file');
  const given = args.text('custodians')!;
  const of = Number(given);
  if (!/^\d+$/.test(given) || of < fewestCustodians || of > mostCustodians)
    throw new UsageError(`--custodians takes a number from ${fewestCustodians} to ${mostCustodians}`);
  return of;
}
