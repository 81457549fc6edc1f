/** A half-open rectangle of samples. */
export type Rectangle = {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
};

/** What the COD segment says about the one component (ISO 15444-1 A.6.1). */
export type CodingStyle = {
  /** 0 LRCP, 1 RLCP, 2 RPCL, 3 PCRL, 4 CPRL: which of layers, resolutions and positions runs fastest. */
  readonly progression: number;
  readonly layers: number;
  /** The number of wavelet levels; there is one resolution more. */
  readonly levels: number;
  /** Sides of a code-block as powers of two. */
  readonly blockWidth: number;
  readonly blockHeight: number;
  /** Bits: 1 bypass, 4 termination on each pass, 64 high-throughput. */
  readonly blockStyle: number;
  /** Sides of the precincts of every resolution as powers of two. */
  readonly precincts: readonly { readonly width: number; readonly height: number }[];
};

/** The code-blocks that one precinct has in one sub-band, counted across and down. */
export type Blocks = { readonly across: number; readonly down: number };
/** A precinct is a part of a resolution; each layer has one packet of it. */
export type Precinct = {
  readonly resolution: number;
  /** Where it begins on the image's own grid, which orders the progressions by position. */
  readonly x: number;
  readonly y: number;
  /** Its code-blocks in each sub-band: one band in the lowest resolution, three in the others. */
  readonly bands: () => readonly Blocks[];
};

/** Reads the body of a COD segment; null for a style that this file does not know. */
export function readCodingStyle(body: DataView): CodingStyle | null {
  if (body.byteLength < 10) return null;
  const [style, progression, layers] = [body.getUint8(0), body.getUint8(1), body.getUint16(2)];
  const levels = body.getUint8(5);
  const hasPrecincts = (style & 1) === 1;
  if (levels > 32 || progression > 4 || body.byteLength < 10 + (hasPrecincts ? levels + 1 : 0)) return null;
  const precincts = Array.from({ length: levels + 1 }, (_, resolution) => {
    const sides = hasPrecincts ? body.getUint8(10 + resolution) : 0xff;
    return { width: sides & 15, height: sides >> 4 };
  });
  // A precinct of one sample would have less than one in its sub-bands.
  if (precincts.some(({ width, height }, resolution) => resolution > 0 && (width === 0 || height === 0)))
    return null;
  const [blockWidth, blockHeight] = [body.getUint8(6) + 2, body.getUint8(7) + 2];
  if (blockWidth > 10 || blockHeight > 10) return null;
  return { progression, layers, levels, blockWidth, blockHeight, blockStyle: body.getUint8(8), precincts };
}

const shrunk = ({ x0, y0, x1, y1 }: Rectangle, power: number, right = 0, lower = 0): Rectangle => {
  const scale = 2 ** power;
  const ceil = (value: number, offset: number) => Math.ceil((value - (offset * scale) / 2) / scale);
  return { x0: ceil(x0, right), y0: ceil(y0, lower), x1: ceil(x1, right), y1: ceil(y1, lower) };
};
const span = (from: number, to: number, power: number): number =>
  to > from ? Math.ceil(to / 2 ** power) - Math.floor(from / 2 ** power) : 0;

/** Counts the precincts of a tile over all resolutions (B.6) without making them. */
export function countPrecincts(tile: Rectangle, { levels, precincts }: CodingStyle): number {
  return precincts.reduce((sum, { width, height }, resolution) => {
    const { x0, y0, x1, y1 } = shrunk(tile, levels - resolution);
    return sum + span(x0, x1, width) * span(y0, y1, height);
  }, 0);
}

/** Makes the precincts of a tile, resolution by resolution, row by row. */
export function precinctsOf(tile: Rectangle, style: CodingStyle): Precinct[] {
  const { levels } = style;
  return style.precincts.flatMap(({ width, height }, resolution) => {
    const power = levels - resolution;
    const area = shrunk(tile, power);
    const [across, down] = [span(area.x0, area.x1, width), span(area.y0, area.y1, height)];
    const [left, top] = [Math.floor(area.x0 / 2 ** width), Math.floor(area.y0 / 2 ** height)];
    return Array.from({ length: across * down }, (_, index): Precinct => {
      const [column, row] = [left + (index % across), top + Math.floor(index / across)];
      return {
        resolution,
        x: Math.max(tile.x0, column * 2 ** (width + power)),
        y: Math.max(tile.y0, row * 2 ** (height + power)),
        bands: () => bandsOf(tile, style, resolution, column, row),
      };
    });
  });
}

/** The sub-bands of a resolution (B.5), and what of each lies in a precinct (B.7). */
function bandsOf(
  tile: Rectangle,
  { levels, precincts, blockWidth, blockHeight }: CodingStyle,
  resolution: number,
  column: number,
  row: number,
): Blocks[] {
  const isLowest = resolution === 0;
  const power = isLowest ? levels : levels - resolution + 1;
  const width = precincts[resolution]!.width - (isLowest ? 0 : 1);
  const height = precincts[resolution]!.height - (isLowest ? 0 : 1);
  const shifts = isLowest ? [[0, 0]] : [[1, 0], [0, 1], [1, 1]]; // biome-ignore format: HL, LH, HH
  return shifts.map(([right, lower]) => {
    const band = shrunk(tile, power, right, lower);
    const x0 = Math.max(band.x0, column * 2 ** width);
    const x1 = Math.min(band.x1, (column + 1) * 2 ** width);
    const y0 = Math.max(band.y0, row * 2 ** height);
    const y1 = Math.min(band.y1, (row + 1) * 2 ** height);
    if (x1 <= x0 || y1 <= y0) return { across: 0, down: 0 };
    return {
      across: span(x0, x1, Math.min(blockWidth, width)),
      down: span(y0, y1, Math.min(blockHeight, height)),
    };
  });
}
