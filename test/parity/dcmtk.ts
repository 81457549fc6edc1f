import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { CxrError } from '../../contract/errors.ts';
import type { Film } from '../../contract/image/film.ts';
import { displayTable, greyLevels } from '../../dicom/display/grayscale.ts';
import { shownInRow } from '../../dicom/display/shutter.ts';
import { toFilm } from '../../dicom/film.ts';
import { withTemporaryFolder } from '../../main/files/temporary-folder.ts';
import { findProgram } from '../programs.ts';
import { findSamples } from '../samples.ts';

/**
 * Compares grey levels as the viewer shows them with a reference: the display values that the sample collection gives with
 * a film, or else DCMTK's picture of it (dcm2pnm, dcmj2pnm).
 */
export type GreyComparison = {
  readonly file: string;
  readonly grayscale: string;
  /** null where no reference shows the file under this grayscale. */
  readonly reference: 'DCMTK' | 'truth' | null;
  readonly pixels: number;
  readonly largest: number;
  /** Share of the pixels that differ by more than one grey level. */
  readonly beyondOne: number;
  /** Why the viewer is meant to differ; null where it is not. */
  readonly otherwise: string | null;
};

type Comparable =
  | { readonly files: readonly string[]; readonly reason: null }
  | { readonly files: readonly []; readonly reason: string };

const parts = ['dicom', 'dicom-corpora', 'dicom-field'] as const;

/** Every file of the sample collection, read or not; or why nothing can be compared here. */
export function comparableFiles(): Comparable {
  const found = parts.map((part) => findSamples(part));
  const { reason } = found[0]!;
  // Debian has them in dcmtk and libgdcm-tools.
  const missing = ['dcmj2pnm', 'gdcmconv'].filter((tool) => findProgram(tool) === null);
  if (reason !== null) return { files: [], reason };
  if (missing.length > 0) return { files: [], reason: `${missing.join(', ')} not installed` };
  const files = found
    .flatMap(({ folder }) =>
      folder === null
        ? []
        : readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
    )
    .filter((path) => path.endsWith('.dcm'))
    .sort();
  return { files, reason: null };
}

/** Files that the viewer is meant to show otherwise than the reference does, and why. */
const meant: Readonly<Record<string, string>> = {
  '20-mirrored-patient-orientation.dcm': 'shown as stored, with a note; the truth is turned over',
  '22-window-below-one.dcm': 'a LINEAR width below 1 cannot be used: the full range, and a note',
  '21-black-margins.dcm': 'the whole range of the stored bits; the truth is the least to the largest value',
  '21b-saturated-marker-no-window.dcm':
    'the whole range of the stored bits; the truth is the least to the largest value',
  '02_implicit_body_explicit_uid.dcm': 'DCMTK and GDCM believe the syntax, which the data set contradicts',
  '03_explicit_body_implicit_uid.dcm': 'DCMTK and GDCM believe the syntax, which the data set contradicts',
  '11_padding_range_nowindow.dcm': 'DCMTK does not know Pixel Padding Range Limit',
  '13_mlut_UN_defined.dcm': 'DCMTK drops a sequence that is written as UN',
  '15_vlut_UN_defined.dcm': 'DCMTK drops a sequence that is written as UN',
  'dht_66kB.dcm': 'DCMTK and GDCM refuse its thousands of Huffman tables',
  '62_vlut_bits8_max4095.dcm': 'entries have more bits than declared, DCMTK cuts them off',
};

/** The code with which a file is refused; null for a file that is read. */
export async function refusalOf(path: string): Promise<string | null> {
  try {
    await toFilm(readFileSync(path));
    return null;
  } catch (thrown) {
    if (thrown instanceof CxrError) return thrown.code;
    throw thrown;
  }
}

/** The film under each of its grayscales, the first being what a viewer begins with. */
export async function compareGreys(path: string): Promise<GreyComparison[]> {
  const film = await toFilm(readFileSync(path));
  const truth = truthOf(path);
  return withTemporaryFolder('cipherfilm-dcmtk-', async (folder) => {
    const shown = truth === null ? grayscalesOf(film) : grayscalesOf(film).slice(0, 1);
    return shown.map(({ name, flags, voi }) => {
      const levels = greyLevels(displayTable(film.modality, voi, film.photometric));
      const reference = truth ?? rendered(path, flags, folder, film);
      const { length: pixels } = film.codes;
      const row = { file: basename(path), grayscale: name, pixels, otherwise: meant[basename(path)] ?? null };
      if (reference === null) return { ...row, reference, largest: Number.NaN, beyondOne: Number.NaN };
      let [largest, beyond] = [0, 0];
      for (let line = 0, index = 0; line < film.rows; line += 1) {
        // DCMTK knows no shutter.
        const visible =
          film.shutter && truth ? shownInRow(film.shutter, line, film.columns, film.aspect) : null;
        for (let column = 0; column < film.columns; column += 1, index += 1) {
          const level = visible?.[column] === 0 ? film.shutter!.grey : levels[film.codes[index]!]!;
          const difference = Math.abs(level - reference[index]!);
          largest = Math.max(largest, difference);
          if (difference > 1) beyond += 1;
        }
      }
      const source = truth === null ? ('DCMTK' as const) : ('truth' as const);
      return { ...row, reference: source, largest, beyondOne: beyond / pixels };
    });
  });
}

/** Grey levels of the display values that lie beside a film, 0 to 1 as little-endian float32; null where none do. */
function truthOf(path: string): Uint8Array | null {
  const file = join(dirname(path), 'truth', basename(path).replace(/dcm$/, 'f32.gz'));
  if (!existsSync(file)) return null;
  const bytes = gunzipSync(readFileSync(file));
  return Uint8Array.from({ length: bytes.length / 4 }, (_, index) =>
    Math.round(255 * bytes.readFloatLE(4 * index)),
  );
}

function grayscalesOf(film: Film) {
  // A name begins with the kind and the place in the file: `Window 2`.
  const own = film.vois.map(({ name, voi }) => {
    const place = / (\d+)/.exec(name)![1]!;
    return { name, voi, flags: [voi.kind === 'table' ? '+Wl' : '+Wi', place] };
  });
  if (own.length > 0) return own;
  // The whole range is what DCMTK takes without any window.
  const values = film.modality.filter((value) => !Number.isNaN(value));
  const whole =
    film.range.low === values.reduce((a, b) => Math.min(a, b)) &&
    film.range.high === values.reduce((a, b) => Math.max(a, b));
  return [
    {
      name: whole ? `whole range of ${Math.log2(film.modality.length)} bits` : 'least to largest value',
      voi: { kind: 'range', ...film.range } as const,
      flags: whole ? [] : ['+Wm'],
    },
  ];
}

/**
 * DCMTK of Debian reads neither JPEG 2000 nor JPEG-LS, and no file without meta header: GDCM rewrites those, losing
 * nothing. The result is null for a file, or a grayscale of it, that neither program takes.
 */
function rendered(path: string, flags: readonly string[], folder: string, film: Film): Uint8Array | null {
  const out = join(folder, 'out.pgm');
  const shown = (source: string): boolean =>
    ['dcmj2pnm', 'dcm2pnm'].some(
      (tool) => spawnSync(tool, ['--write-raw-pnm', ...flags, source, out]).status === 0,
    );
  const copy = join(folder, 'raw.dcm');
  if (!shown(path) && !(spawnSync('gdcmconv', ['--raw', path, copy]).status === 0 && shown(copy)))
    return null;
  return pgm(readFileSync(out), film);
}

/** Grey levels of a binary PGM. */
function pgm(bytes: Buffer, { rows, columns }: Film): Uint8Array {
  const header = /^P5\s+(?:#[^\n]*\n\s*)*(\d+)\s+(\d+)\s+(\d+)\s/.exec(bytes.toString('latin1', 0, 512));
  if (header === null || Number(header[1]) !== columns || Number(header[2]) !== rows || header[3] !== '255')
    throw new Error('unexpected PGM');
  return bytes.subarray(header[0].length, header[0].length + rows * columns);
}
