import { CxrError } from '../../../contract/errors.ts';

/** Markers (ISO 15444-1 table A.2). */
const marker = { sot: 0xff90, eoc: 0xffd9 } as const;
const headerBytes = 12;

/** What the main header says of the tile-parts that follow. */
export type Announced = {
  /** The number of tiles. */
  readonly tiles: number;
  /** The number of tile-parts that TLM segments list (A.7.1); 0 where there are none. */
  readonly tileParts: number;
};

/** One tile-part: its tile, and where its header and data lie. */
export type TilePart = { readonly tile: number; readonly start: number; readonly end: number };

type Seen = { parts: number; announced: number };

/**
 * Walks over the tile-parts, the pieces in which a coded image lies. Every tile must have all that it announces (A.4.2,
 * TNsot), each as long as it says, and the end marker must follow the last. A codec would show a missing tile as gray,
 * and a tile without its last resolutions as a blurred picture, without a word.
 *
 * @param start  where the first tile-part begins.
 * @returns      the tile-parts, and where the code stream ends; what follows is padding.
 * @throws       CxrError 'dicom-truncated' when something is missing, 'dicom-pixels' when it is malformed.
 */
export function walkTileParts(
  view: DataView,
  start: number,
  { tiles, tileParts }: Announced,
): { readonly parts: readonly TilePart[]; readonly end: number } {
  if (view.byteLength - start < tiles * headerBytes) throw truncated('tiles');
  const seen = new Map<number, Seen>();
  const parts: TilePart[] = [];
  let at = start;
  while (at + 2 <= view.byteLength && view.getUint16(at) === marker.sot) {
    if (at + headerBytes > view.byteLength) throw truncated('tile-part');
    const [tile, length] = [view.getUint16(at + 4), view.getUint32(at + 6)];
    if (tile >= tiles || (length !== 0 && length < headerBytes)) throw malformed('tile-part');
    note(seen, tile, view.getUint8(at + 10), view.getUint8(at + 11));
    // The last tile-part may leave its length open: it goes up to the end marker, which padding may follow.
    const end = length === 0 ? endMarkerFrom(view, at + headerBytes) : at + length;
    if (end > view.byteLength) throw truncated('tile-part');
    parts.push({ tile, start: at, end });
    at = end;
    if (length === 0) break;
  }
  if (at + 2 > view.byteLength) throw truncated('end marker');
  if (view.getUint16(at) !== marker.eoc) throw malformed('end marker');
  if (seen.size !== tiles) throw malformed('tiles');
  const isWhole = [...seen.values()].every(({ parts: got, announced }) => got >= announced);
  if (!isWhole || parts.length < tileParts) throw truncated('tile-parts');
  return { parts, end: at + 2 };
}

/** Notes a tile-part of a tile, whose parts come in the order of their numbers. 0 announced means: not said here. */
function note(seen: Map<number, Seen>, tile: number, number: number, announced: number): void {
  const before = seen.get(tile) ?? { parts: 0, announced: 0 };
  if (number > before.parts) throw truncated('tile-parts');
  if (number < before.parts) throw malformed('tile-part');
  seen.set(tile, { parts: before.parts + 1, announced: Math.max(before.announced, announced) });
}

/** Entropy-coded data cannot look like a marker (B.10.1, C.2.1). */
function endMarkerFrom(view: DataView, from: number): number {
  for (let at = from; at + 2 <= view.byteLength; at += 1) {
    if (view.getUint8(at) === 0xff && view.getUint8(at + 1) === 0xd9) return at;
  }
  throw truncated('end marker');
}

/** Counts the tile-parts that the body of a TLM segment lists; 0 where it makes no sense. */
export function listedTileParts(body: DataView): number {
  if (body.byteLength < 2) return 0;
  const style = body.getUint8(1);
  const [indexBytes, lengthBytes] = [(style >> 4) & 3, (style >> 6) & 1 ? 4 : 2];
  const count = (body.byteLength - 2) / (indexBytes + lengthBytes);
  return indexBytes < 3 && Number.isInteger(count) ? count : 0;
}

/** Makes the error for a stream that breaks the syntax. `what` names the place. */
export function malformed(what: string): CxrError {
  return new CxrError('dicom-pixels', { reason: `JPEG 2000 ${what}` });
}

/** Makes the error for a stream that lacks something. `what` names it. */
export function truncated(what: string): CxrError {
  return new CxrError('dicom-truncated', { part: `JPEG 2000 ${what}` });
}
