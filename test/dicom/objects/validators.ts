import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withTemporaryFolder } from '../../../main/files/temporary-folder.ts';
import { findProgram } from '../../programs.ts';

/** Programs of Debian's dicom3tools and dcmtk, none of which shares code with ours. */
const validators = ['dciodvfy', 'dsrdump', 'dcmdump'] as const;
export type Validator = (typeof validators)[number];

const missing = validators.filter((name) => findProgram(name) === null);
/** Why nothing can be validated here; null where it can. */
export const noValidators = missing.length === 0 ? null : `${missing.join(', ')} not installed`;

/** What a program says of a file, both of its outputs, and how it ended. */
export const said = (
  program: Validator,
  file: Uint8Array,
  ...flags: readonly string[]
): Promise<{ readonly status: number | null; readonly text: string }> =>
  withTemporaryFolder('cipherfilm-validate-', async (folder) => {
    const path = join(folder, 'written.dcm');
    writeFileSync(path, file);
    const { status, stdout, stderr } = spawnSync(program, [...flags, path], { encoding: 'utf8' });
    return { status, text: `${stdout}\n${stderr}` };
  });

/** The lines with which dciodvfy finds a file wrong. */
export const errorsOf = async (file: Uint8Array): Promise<string[]> =>
  (await said('dciodvfy', file)).text.split('\n').filter((line) => /^error/i.test(line));
