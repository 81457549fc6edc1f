import type { Overlay } from '../../contract/image/shutter.ts';
import type { DicomImage, OverlayPlane } from '../image.ts';

/** Runs that are drawn at most, of all planes together. Letters and outlines have some thousand. */
export const mostRuns = 262_144;

/**
 * Turns overlay planes into runs of marked pixels, as the viewer draws them.
 *
 * @param cells     the uncompressed pixel cells, for planes that lie in them.
 * @returns         `overlayProblem` is true when a plane could not be read or has more runs than are drawn.
 */
export function toOverlays(
  image: DicomImage,
  cells: Uint8Array,
): { readonly overlays: readonly Overlay[]; readonly overlayProblem: boolean } {
  const overlays: Overlay[] = [];
  let room = mostRuns;
  let { overlayProblem } = image;
  for (const plane of image.overlays) {
    const isMarked = marks(plane, image, cells);
    const runs = isMarked === null ? null : findRuns(plane, image, isMarked, room);
    if (runs === null) overlayProblem = true;
    else {
      overlays.push({ kind: plane.kind, runs });
      room -= runs.length / 3;
    }
  }
  return { overlays, overlayProblem };
}

/** Tells of each bit of a plane, counted row by row, whether it is set; null where it cannot be there. */
function marks(
  { bits }: OverlayPlane,
  { layout, syntax }: DicomImage,
  cells: Uint8Array,
): ((index: number) => boolean) | null {
  // The first bit is the least significant of its byte (PS3.5 8.1.2).
  if (typeof bits !== 'number') return (index) => ((bits[index >> 3]! >> (index & 7)) & 1) === 1;
  const { bitsAllocated, bitsStored, highBit } = layout;
  const isPixel = bits <= highBit && bits > highBit - bitsStored;
  // A code stream has no room beside its samples; only cells that were stored as they are do.
  const hasCells = syntax.pixels === 'native' || syntax.pixels === 'rle';
  if (isPixel || bits >= bitsAllocated || !hasCells) return null;
  const width = bitsAllocated / 8;
  return (index) => ((cells[index * width + (bits >> 3)]! >> (bits & 7)) & 1) === 1;
}

function findRuns(
  { rows, columns, top, left }: OverlayPlane,
  image: DicomImage,
  isMarked: (index: number) => boolean,
  room: number,
): Uint32Array | null {
  const runs: number[] = [];
  const [firstRow, endRow] = [Math.max(0, -top), Math.min(rows, image.rows - top)];
  const [firstColumn, endColumn] = [Math.max(0, -left), Math.min(columns, image.columns - left)];
  for (let row = firstRow; row < endRow; row += 1) {
    let length = 0;
    for (let column = firstColumn; column <= endColumn; column += 1) {
      if (column < endColumn && isMarked(row * columns + column)) length += 1;
      else if (length > 0) {
        runs.push(row + top, column + left - length, length);
        length = 0;
      }
    }
    if (runs.length > 3 * room) return null;
  }
  return Uint32Array.from(runs);
}
