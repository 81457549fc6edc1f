import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Film } from '../../contract/image/film.ts';
import { displayTable, greyLevels } from '../../dicom/display/grayscale.ts';
import { toFilm } from '../../dicom/film.ts';
import { withTemporaryFolder } from '../../main/files/temporary-folder.ts';
import { findProgram } from '../programs.ts';
import { findSamples } from '../samples.ts';

/** Shows films with DCMTK (dcm2pnm, dcmj2pnm) and compares its grey levels with ours. */
export type GreyComparison = {
  readonly file: string;
  readonly grayscale: string;
  readonly pixels: number;
  readonly largest: number;
  /** Share of the pixels that differ by more than one grey level. */
  readonly beyondOne: number;
};

type Comparable =
  | { readonly files: readonly string[]; readonly reason: null }
  | { readonly files: readonly []; readonly reason: string };

/** Every sample that ours reads, by folder; or why nothing can be compared here. */
export function comparableFiles(): Comparable {
  const { folder, reason } = findSamples('dicom');
  // Debian has them in dcmtk and libgdcm-tools.
  const missing = ['dcmj2pnm', 'gdcmconv'].filter((tool) => findProgram(tool) === null);
  if (folder === null) return { files: [], reason };
  if (missing.length > 0) return { files: [], reason: `${missing.join(', ')} not installed` };
  const files = ['chest', 'transfer-syntaxes', 'lut', 'not-chest'].flatMap((part) =>
    readdirSync(join(folder, part)).map((name) => join(folder, part, name)),
  );
  return { files, reason: null };
}

/** The film under each of its grayscales, the first being what a viewer begins with. */
export async function compareWithDcmtk(path: string): Promise<GreyComparison[]> {
  const film = await toFilm(readFileSync(path));
  return withTemporaryFolder('cipherfilm-dcmtk-', async (folder) => {
    return grayscalesOf(film).map(({ name, flags, voi }) => {
      const levels = greyLevels(displayTable(film.modality, voi, film.photometric));
      const reference = rendered(path, flags, folder, film);
      let largest = 0;
      let beyond = 0;
      for (let index = 0; index < film.codes.length; index += 1) {
        const difference = Math.abs(levels[film.codes[index]!]! - reference[index]!);
        largest = Math.max(largest, difference);
        if (difference > 1) beyond += 1;
      }
      const { length: pixels } = film.codes;
      return { file: basename(path), grayscale: name, pixels, largest, beyondOne: beyond / pixels };
    });
  });
}

function grayscalesOf(film: Film) {
  const seen = { table: 0, window: 0, range: 0 };
  const own = film.vois.map(({ name, voi }) => {
    seen[voi.kind] += 1;
    return { name, voi, flags: [voi.kind === 'table' ? '+Wl' : '+Wi', String(seen[voi.kind])] };
  });
  if (own.length > 0) return own;
  // 8-bit images take their whole range, which DCMTK does without any window; deeper ones what occurs.
  const whole = film.modality.length === 256;
  return [
    {
      name: whole ? 'whole range of 8 bits' : 'least to largest value',
      voi: { kind: 'range', ...film.range } as const,
      flags: whole ? [] : ['+Wm'],
    },
  ];
}

/**
 * DCMTK of Debian reads neither JPEG 2000 nor JPEG-LS, and no file without meta header: GDCM rewrites those, losing
 * nothing.
 */
function rendered(path: string, flags: readonly string[], folder: string, film: Film): Uint8Array {
  const out = join(folder, 'out.pgm');
  const shown = (source: string): boolean =>
    ['dcmj2pnm', 'dcm2pnm'].some(
      (tool) => spawnSync(tool, ['--write-raw-pnm', ...flags, source, out]).status === 0,
    );
  const copy = join(folder, 'raw.dcm');
  if (!shown(path) && !(spawnSync('gdcmconv', ['--raw', path, copy]).status === 0 && shown(copy)))
    throw new Error(`DCMTK and GDCM refused ${basename(path)}`);
  return pgm(readFileSync(out), film);
}

/** Grey levels of a binary PGM. */
function pgm(bytes: Buffer, { rows, columns }: Film): Uint8Array {
  const header = /^P5\s+(?:#[^\n]*\n\s*)*(\d+)\s+(\d+)\s+(\d+)\s/.exec(bytes.toString('latin1', 0, 512));
  if (header === null || Number(header[1]) !== columns || Number(header[2]) !== rows || header[3] !== '255')
    throw new Error('unexpected PGM');
  return bytes.subarray(header[0].length, header[0].length + rows * columns);
}
