import type { Film, NamedVoi, Thumbnail } from '../contract/image/film.ts';
import { decodePixels } from './codecs/stored.ts';
import { displayTable } from './display/grayscale.ts';
import { type CodedImage, describeGrayscale, toCodes } from './display/pixels.ts';
import { areaAverage } from './display/reduce.ts';
import type { DicomImage, FileVoi } from './image.ts';
import { readDicom } from './read.ts';

const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const longestName = 48;
const thumbnailSide = 192;

/**
 * Decodes a DICOM file for the viewer. The film keeps the codes of the pixels, so that the window can show them under
 * any grayscale without asking again.
 *
 * @throws CxrError with a `dicom-…` code; never anything else for any bytes.
 */
export async function toFilm(bytes: Uint8Array): Promise<Film> {
  const image = readDicom(bytes);
  const { cells, lossy } = await decodePixels(image);
  const coded = toCodes(image, cells);
  const { rows, columns, photometric, voiProblem } = image;
  return {
    ...{ rows, columns, photometric, voiProblem },
    ...{ codes: coded.codes, modality: coded.modality, range: coded.range },
    vois: nameVois(image.vois),
    central: centralRange(image, coded),
    lossy: image.lossy || lossy,
    facts: {
      ...{ modality: image.modality, viewPosition: image.viewPosition, rows, columns, photometric },
      transferSyntax: image.syntax.uid,
      lossy: image.lossy || lossy,
      window: describeGrayscale(image),
    },
  };
}

/** Names each grayscale by what it is, its place, and the file's explanation where there is one. */
function nameVois(vois: readonly FileVoi[]): NamedVoi[] {
  const seen = { table: 0, window: 0 };
  return vois.map(({ voi, explanation }) => {
    seen[voi.kind] += 1;
    const own = explanation?.replace(unprintable, ' ').trim().slice(0, longestName);
    const kind = voi.kind === 'table' ? 'VOI LUT' : 'Window';
    return { name: own ? `${kind} ${seen[voi.kind]}: ${own}` : `${kind} ${seen[voi.kind]}`, voi };
  });
}

/** Finds the modality values below and above which one pixel in a hundred lies. Padding is not counted. */
function centralRange(image: DicomImage, { counts, modality, range }: CodedImage): Film['central'] {
  const order = Uint32Array.from({ length: modality.length }, (_, code) => code)
    .filter((code) => counts[code]! > 0 && modality[code] !== image.padding)
    .sort((a, b) => modality[a]! - modality[b]!);
  const total = order.reduce((sum, code) => sum + counts[code]!, 0);
  const at = (share: number): number => {
    let passed = 0;
    for (const code of order) {
      passed += counts[code]!;
      if (passed >= share * total) return modality[code]!;
    }
    return range.high;
  };
  return total === 0 ? range : { low: at(0.01), high: at(0.99) };
}

/** Draws a film small under its first grayscale. The longest side has at most 192 pixels. */
export function toThumbnail(film: Film): Thumbnail {
  const { rows, columns, codes } = film;
  const table = displayTable(
    film.modality,
    film.vois[0]?.voi ?? { kind: 'range', ...film.range },
    film.photometric,
  );
  // Every so many pixels: averaging millions of them takes longer than anybody looks at a thumbnail.
  const step = Math.max(1, Math.floor(Math.max(rows, columns) / (2 * thumbnailSide)));
  const [height, width] = [Math.ceil(rows / step), Math.ceil(columns / step)];
  const sampled = new Float32Array(height * width);
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1) sampled[y * width + x] = table[codes[y * step * columns + x * step]!]!;
  const scale = Math.min(1, thumbnailSide / Math.max(height, width));
  const outRows = Math.max(1, Math.round(height * scale));
  const outColumns = Math.max(1, Math.round(width * scale));
  const reduced = areaAverage(sampled, height, width, outRows, outColumns);
  const pixels = new Uint8Array(reduced.length);
  for (let index = 0; index < pixels.length; index += 1) pixels[index] = Math.round(reduced[index]! * 255);
  return { rows: outRows, columns: outColumns, pixels };
}
