import { createHash } from 'node:crypto';
import { type FilmNames, type ReportSource, reportedSide } from '../../contract/exchange/export.ts';
import { type Digest, parseDigest } from '../../contract/ids/digest.ts';
import type { Film } from '../../contract/image/film.ts';
import type { ImageHeader } from '../../contract/image/header.ts';
import type { EngineInput } from '../../contract/stages.ts';
import { parseDataset } from '../../dicom/dataset/parse.ts';
import { writeFile } from '../../dicom/dataset/write/write-file.ts';
import { toInput } from '../../dicom/encoder-input.ts';
import { toFilm, toThumbnail } from '../../dicom/film.ts';
import { checkRadiograph, readHeader } from '../../dicom/header.ts';
import { deidentifiedFilm } from '../../dicom/objects/deidentify/deidentify-film.ts';
import { readDicom } from '../../dicom/read.ts';
import { readSourceImage } from '../../dicom/source-image.ts';

/** All that the reader does with bytes of a file. Each throws `CxrError` with a `dicom-…` code, whatever the bytes are. */
export type Decoders = {
  /** Says whether this is a radiograph, by its header alone, and which pixels it has. Nothing is decoded for it. */
  readonly inspect: (bytes: Uint8Array) => Inspected;
  readonly film: (bytes: Uint8Array) => Promise<Film>;
  readonly input: (bytes: Uint8Array) => Promise<EngineInput>;
  /** Reads what a report repeats of an image, and draws its film reduced. */
  readonly report: (bytes: Uint8Array) => Promise<ReportSource>;
  /** Copies an image without identity, under other names. */
  readonly anonymousFilm: (bytes: Uint8Array, names: FilmNames) => Promise<Uint8Array>;
};

/** What a file says of itself, and the digest of its pixels (`pixelDigest`). */
export type Inspected = { readonly header: ImageHeader; readonly pixels: Digest };

/**
 * Names the pixels of a file: the bytes as they are stored, and everything that says which values they are and whether
 * high ones are bright. Two files of one image that are shown under another window have the same digest; the negative of
 * an image has another one, though its bytes are the same.
 */
function pixelDigest(bytes: Uint8Array): Digest {
  const { pixels, rows, columns, photometric, layout, padding, modalityTransform: values } = readDicom(bytes);
  const transform = values.kind === 'table' ? [values.lut.first, ...values.lut.entries] : values;
  const meaning = JSON.stringify([rows, columns, photometric, layout, padding, transform]);
  return parseDigest(createHash('sha256').update(meaning).update(pixels).digest('hex'));
}

export const decoders: Decoders = {
  inspect: (bytes) => {
    const header = readHeader(bytes);
    checkRadiograph(header);
    return { header, pixels: pixelDigest(bytes) };
  },
  film: toFilm,
  input: toInput,
  report: async (bytes) => ({
    image: readSourceImage(bytes),
    film: toThumbnail(await toFilm(bytes), reportedSide),
    pixels: pixelDigest(bytes),
  }),
  anonymousFilm: async (bytes, names) => {
    const { rows, columns, codes } = await toFilm(bytes);
    const { bitsStored, signed } = readDicom(bytes).layout;
    const pixels = { rows, columns, codes, bitsStored, signed };
    return writeFile(deidentifiedFilm(parseDataset(bytes).dataset, pixels, names));
  },
};
