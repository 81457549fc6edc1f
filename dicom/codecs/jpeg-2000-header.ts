import { CxrError } from '../../contract/errors.ts';
import { checkHolds, type FrameSize, leastPlausibleBits } from './samples.ts';

/** Markers (ISO 15444-1 table A.2). */
const marker = { soc: 0xff4f, siz: 0xff51, cod: 0xff52, sot: 0xff90, eoc: 0xffd9 } as const;
const tilePartHeaderBytes = 12;

/** What a JPEG 2000 code stream says about its one component. A *code stream* is one compressed image. */
export type Jpeg2000Header = {
  /** The bits of a sample, 1 … 16. */
  readonly precision: number;
  readonly signed: boolean;
  /** True for the 5-3 wavelet, which loses nothing. The 9-7 wavelet rounds. */
  readonly reversible: boolean;
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
  let [tiles, precision, signed] = [0, 0, false];
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
    if (code === marker.siz) ({ tiles, precision, signed } = checkSize(body, size));
    if (code === marker.cod) {
      if (body.byteLength < 10) throw malformed('coding style');
      reversible = body.getUint8(9) === 1;
    }
  }
  if (reversible === null) throw malformed('coding style');
  checkTileParts(view, at, tiles);
  return { precision, signed, reversible };
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
  return { tiles, precision, signed };
}

/**
 * Checks that every tile has at least one tile-part, that each is as long as it says (A.4.2), and that the end marker
 * follows the last. A codec would show a missing tile as gray.
 */
function checkTileParts(view: DataView, start: number, tiles: number): void {
  if (view.byteLength - start < tiles * tilePartHeaderBytes) throw truncated('tiles');
  const seen = new Set<number>();
  let at = start;
  while (at + 2 <= view.byteLength && view.getUint16(at) === marker.sot) {
    if (at + tilePartHeaderBytes > view.byteLength) throw truncated('tile-part');
    const [tile, length] = [view.getUint16(at + 4), view.getUint32(at + 6)];
    if (tile >= tiles || (length !== 0 && length < tilePartHeaderBytes)) throw malformed('tile-part');
    seen.add(tile);
    if (length === 0) {
      // The last tile-part may leave its length open: it goes up to the end marker, which padding may follow.
      at = lastMarker(view);
      break;
    }
    at += length;
    if (at > view.byteLength) throw truncated('tile-part');
  }
  if (at + 2 > view.byteLength) throw truncated('end marker');
  if (view.getUint16(at) !== marker.eoc) throw malformed('end marker');
  if (seen.size !== tiles) throw malformed('tiles');
}

function lastMarker(view: DataView): number {
  let at = view.byteLength - 2;
  while (at > 0 && view.getUint8(at + 1) === 0) at -= 1;
  return at;
}

function malformed(what: string): CxrError {
  return new CxrError('dicom-pixels', { reason: `JPEG 2000 ${what}` });
}

function truncated(what: string): CxrError {
  return new CxrError('dicom-truncated', { part: `JPEG 2000 ${what}` });
}
