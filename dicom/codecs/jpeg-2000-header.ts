import { CxrError } from '../../contract/errors.ts';
import { type CodingStyle, readCodingStyle } from './jpeg-2000/precincts.ts';
import { listedTileParts, malformed, truncated, walkTileParts } from './jpeg-2000/tile-parts.ts';
import { areTilesWhole } from './jpeg-2000/whole-tiles.ts';
import { checkHolds, type FrameSize, leastPlausibleBits } from './samples.ts';

/** Markers (ISO 15444-1 table A.2). */
/** Segments that change how packets are read: COC, POC and PPM, headers of packets apart from them. */
const changing = new Set([0xff53, 0xff5f, 0xff60]);
const marker = { soc: 0xff4f, siz: 0xff51, cod: 0xff52, tlm: 0xff55, sot: 0xff90 } as const;

/** What a JPEG 2000 code stream says about its one component. A *code stream* is one compressed image. */
export type Jpeg2000Header = {
  /** The bits of a sample, 1 … 16. */
  readonly precision: number;
  readonly signed: boolean;
  /** True for the 5-3 wavelet, which loses nothing. The 9-7 wavelet rounds. */
  readonly reversible: boolean;
  /** The bytes of the code stream. What follows its end marker in the last fragment is padding. */
  readonly bytes: number;
};

/**
 * Reads the main header (ISO 15444-1 A.5.1, A.6.1) before any codec sees the stream. It also walks over the tile-parts,
 * the pieces in which the coded image lies, to see that all of them are there.
 *
 * @throws CxrError 'dicom-truncated' when a tile-part runs past the stream or the end marker is missing;
 *         'dicom-pixels' when the stream is malformed, or its size or number of components is another than declared;
 *         'dicom-unsupported' for grids with an offset and for what the codec returns wrongly.
 */
export function readJpeg2000Header(stream: Uint8Array, size: FrameSize): Jpeg2000Header {
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  if (stream.length < 4 || view.getUint16(0) !== marker.soc || view.getUint16(2) !== marker.siz) {
    throw malformed('start marker');
  }
  checkHolds(stream, size, leastPlausibleBits, 'JPEG 2000');
  let [tiles, tileParts, tileWidth, tileHeight, precision, signed] = [0, 0, 0, 0, 0, false];
  let coding: CodingStyle | null = null;
  let isPlain = true;
  let reversible: boolean | null = null;
  let at = 2;
  for (let code = 0; ; at += 2 + view.getUint16(at + 2)) {
    if (at + 4 > stream.length) throw truncated('header');
    code = view.getUint16(at);
    if (code === marker.sot) break;
    const length = view.getUint16(at + 2);
    if (code < 0xff00 || length < 2 || (code === marker.siz && at > 2)) throw malformed('marker');
    if (at + 2 + length > stream.length) throw truncated('header');
    const body = new DataView(view.buffer, view.byteOffset + at + 4, length - 2);
    if (code === marker.siz) ({ tiles, tileWidth, tileHeight, precision, signed } = checkSize(body, size));
    if (code === marker.tlm) tileParts += listedTileParts(body);
    if (changing.has(code)) isPlain = false;
    if (code === marker.cod) {
      if (body.byteLength < 10) throw malformed('coding style');
      reversible = body.getUint8(9) === 1;
      coding = readCodingStyle(body);
    }
  }
  if (reversible === null) throw malformed('coding style');
  const { parts, end } = walkTileParts(view, at, { tiles, tileParts });
  const isKnown = isPlain && coding !== null;
  if (isKnown && !areTilesWhole(view, parts, { ...size, tileWidth, tileHeight }, coding!))
    throw truncated('packets');
  return { precision, signed, reversible, bytes: end };
}

/** Compares the SIZ segment (A.5.1: image, tile and component sizes) with the DICOM header. */
function checkSize(siz: DataView, { rows, columns }: FrameSize) {
  if (siz.byteLength < 39 || siz.byteLength !== 36 + 3 * siz.getUint16(34)) throw malformed('size');
  // Image end, image offset, tile size, tile offset: across and down each.
  const grid = Array.from({ length: 8 }, (_, index) => siz.getUint32(2 + 4 * index));
  const [width, height, , , tileWidth, tileHeight] = grid as [number, number, number, number, number, number];
  const components = siz.getUint16(34);
  if (width !== columns || height !== rows || components !== 1) {
    throw new CxrError('dicom-pixels', {
      reason: 'JPEG 2000 header',
      got: [height, width, components],
      expected: [rows, columns, 1],
    });
  }
  // Nobody writes one grayscale frame so, and the codec's wrapper has had faults there.
  if ([2, 3, 6, 7].some((index) => grid[index] !== 0) || siz.getUint8(37) !== 1 || siz.getUint8(38) !== 1) {
    throw new CxrError('dicom-unsupported', { reason: 'JPEG 2000 grid' });
  }
  if (tileWidth === 0 || tileHeight === 0) throw malformed('tile size');
  const depth = siz.getUint8(36);
  const [precision, signed] = [(depth & 0x7f) + 1, depth >= 0x80];
  // The codec returns negative samples of up to 8 bits as 127.
  if (precision > 16 || (signed && precision <= 8)) {
    throw new CxrError('dicom-unsupported', { reason: 'JPEG 2000 precision', got: precision });
  }
  const tiles = Math.ceil(columns / tileWidth) * Math.ceil(rows / tileHeight);
  return { tiles, tileWidth, tileHeight, precision, signed };
}
