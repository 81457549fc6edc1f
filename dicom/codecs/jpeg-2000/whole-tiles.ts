import { hasAllPackets } from './packets.ts';
import type { CodingStyle, Rectangle } from './precincts.ts';
import type { TilePart } from './tile-parts.ts';

const startOfData = 0xff93;
const sotBytes = 12;
/** Segments in front of a tile-part's data that change how its packets are read (ISO 15444-1 A.6, A.7.4, A.7.5). */
const changing = new Set([0xff52, 0xff53, 0xff5f, 0xff61]);

/** The image and its tiles, which begin at its first sample. */
export type TileGrid = {
  readonly rows: number;
  readonly columns: number;
  readonly tileWidth: number;
  readonly tileHeight: number;
};

/**
 * Tells whether every tile has all its packets. A tile whose parts change the coding style is left to the codec.
 *
 * @param view   the code stream.
 * @param parts  its tile-parts, in order.
 */
export function areTilesWhole(
  view: DataView,
  parts: readonly TilePart[],
  { rows, columns, tileWidth, tileHeight }: TileGrid,
  coding: CodingStyle,
): boolean {
  const across = Math.ceil(columns / tileWidth);
  const byTile = Map.groupBy(parts, ({ tile }) => tile);
  return [...byTile].every(([tile, own]) => {
    const data = own.map((part) => dataOf(view, part));
    const [x0, y0] = [(tile % across) * tileWidth, Math.floor(tile / across) * tileHeight];
    const area: Rectangle = {
      ...{ x0, y0 },
      x1: Math.min(x0 + tileWidth, columns),
      y1: Math.min(y0 + tileHeight, rows),
    };
    const known = data.filter((one) => one !== null);
    if (known.length < data.length) return true;
    return hasAllPackets(known.length === 1 ? known[0]! : Buffer.concat(known), area, coding);
  });
}

/** The bytes of a tile-part behind its header; null where the header changes the coding or is not understood. */
function dataOf(view: DataView, { start, end }: TilePart): Uint8Array | null {
  for (let at = start + sotBytes; at + 2 <= end; ) {
    const code = view.getUint16(at);
    if (code === startOfData) return new Uint8Array(view.buffer, view.byteOffset + at + 2, end - at - 2);
    if (changing.has(code) || at + 4 > end) return null;
    at += 2 + view.getUint16(at + 2);
  }
  return null;
}
