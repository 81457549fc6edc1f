import type { Film, NamedVoi, Thumbnail } from '../contract/image/film.ts';
import { decodePixels } from './codecs/stored.ts';
import { displayTable } from './display/grayscale.ts';
import { toOverlays } from './display/overlay.ts';
import { type CodedImage, describeGrayscale, passedOver, signedValue, toCodes } from './display/pixels.ts';
import { areaAverage } from './display/reduce.ts';
import { shownInRow } from './display/shutter.ts';
import type { DicomImage } from './image.ts';
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
  // Before codes are made of them: overlays may lie in the bits that codes leave out.
  const overlays = toOverlays(image, cells);
  const coded = toCodes(image, cells);
  const { rows, columns, photometric, aspect, shutter, meaning } = image;
  return {
    ...{ rows, columns, photometric, aspect, shutter, meaning },
    ...{ codes: coded.codes, modality: coded.modality, range: coded.range },
    voiProblem: coded.vois.length === 0 && coded.unusableVois.length > 0,
    ...overlays,
    modalityName: describeModality(image),
    stored: { signed: image.layout.signed, ...storedRange(image, coded) },
    vois: nameVois(coded),
    percentiles: percentiles(coded),
    lossy: image.lossy || lossy,
    facts: {
      ...{ modality: image.modality, viewPosition: image.viewPosition, rows, columns, photometric },
      transferSyntax: image.syntax.uid,
      lossy: image.lossy || lossy,
      window: describeGrayscale(coded),
    },
  };
}

function describeModality({ modalityTransform: transform }: DicomImage): string | null {
  if (transform.kind === 'table') return 'Modality LUT';
  const { slope, intercept } = transform;
  return slope === 1 && intercept === 0
    ? null
    : `Rescale × ${slope} ${intercept < 0 ? '−' : '+'} ${Math.abs(intercept)}`;
}

/** Finds the least and the largest stored value of the pixels that are not padding. */
function storedRange(
  { layout }: DicomImage,
  { counts, modality }: CodedImage,
): { low: number; high: number } {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let code = 0; code < counts.length; code += 1) {
    if (counts[code] === 0 || Number.isNaN(modality[code])) continue;
    const value = signedValue(code, layout);
    [low, high] = [Math.min(low, value), Math.max(high, value)];
  }
  return high < low ? { low: 0, high: 1 } : { low, high };
}

/**
 * Names each grayscale by what it is, its place, the file's explanation where there is one, and what was not read as it is
 * declared. The first names those that it stands in for.
 */
function nameVois({ vois, unusableVois }: CodedImage): NamedVoi[] {
  return vois.map((one, index) => {
    const { voi, place, explanation, note } = one;
    const own = explanation?.replace(unprintable, ' ').trim().slice(0, longestName);
    const kind = voi.kind === 'table' ? 'VOI LUT' : 'Window';
    const passed = index === 0 ? passedOver(one, unusableVois) : [];
    const notes = [note, passed.length === 0 ? null : `in place of ${passed.join(', ')}, unusable`];
    const words = notes.filter((text) => text !== null).map((text) => ` (${text})`);
    return { name: `${kind} ${place.number}${own ? `: ${own}` : ''}${words.join('')}`, voi };
  });
}

/** Shares of the pixels that a grayscale leaves out on each side, percent. The first is the automatic one. */
const leftOut = [1, 0.5, 2];

/** Finds the modality values below and above which so many pixels lie. Padding is not counted. */
function percentiles({ counts, modality, range }: CodedImage): Film['percentiles'] {
  const order = Uint32Array.from({ length: modality.length }, (_, code) => code)
    .filter((code) => counts[code]! > 0 && !Number.isNaN(modality[code]))
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
  return leftOut.map((percent) => ({
    percent,
    ...(total === 0 ? range : { low: at(percent / 100), high: at(1 - percent / 100) }),
  }));
}

/**
 * Draws a film small under its first grayscale and shutter.
 *
 * @param side  the most square pixels that the longest side may have. Default: 192.
 */
export function toThumbnail(film: Film, side = thumbnailSide): Thumbnail {
  const { rows, columns, codes, aspect, shutter } = film;
  const table = displayTable(
    film.modality,
    film.vois[0]?.voi ?? { kind: 'range', ...film.range },
    film.photometric,
  );
  // Every so many pixels: averaging millions of them takes longer than anybody looks at a thumbnail.
  const step = Math.max(1, Math.floor(Math.max(rows, columns) / (2 * side)));
  const [height, width] = [Math.ceil(rows / step), Math.ceil(columns / step)];
  const sampled = new Float32Array(height * width);
  for (let y = 0; y < height; y += 1) {
    const shown = shutter === null ? null : shownInRow(shutter, y * step, columns, aspect);
    for (let x = 0; x < width; x += 1) {
      const level = table[codes[y * step * columns + x * step]!]!;
      sampled[y * width + x] = shown?.[x * step] === 0 ? shutter!.grey / 255 : level;
    }
  }
  const scale = Math.min(1, side / Math.max(height * aspect, width));
  const outRows = Math.max(1, Math.round(height * aspect * scale));
  const outColumns = Math.max(1, Math.round(width * scale));
  const reduced = areaAverage(sampled, height, width, outRows, outColumns);
  const pixels = new Uint8Array(reduced.length);
  for (let index = 0; index < pixels.length; index += 1) pixels[index] = Math.round(reduced[index]! * 255);
  return { rows: outRows, columns: outColumns, pixels };
}
