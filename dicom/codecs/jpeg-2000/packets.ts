import { PacketBits, TagTree } from './packet-bits.ts';
import { type CodingStyle, countPrecincts, type Precinct, precinctsOf, type Rectangle } from './precincts.ts';

/** A code-block may be longer than any; this tells a header that was misread. */
const longestLength = 31;
const mostBitPlanes = 96;
const style = { bypass: 1, terminated: 4, highThroughput: 64 } as const;

/** What of a code-block is known after the layers before. */
type Block = { lengthBits: number; segment: number; passes: number };
type Band = {
  readonly across: number;
  readonly down: number;
  readonly inclusion: TagTree;
  readonly bitPlanes: TagTree;
  readonly blocks: (Block | undefined)[];
};

/** Thrown inside this file where a header makes no sense to it. */
class Misread extends Error {}

/**
 * Tells whether the packets of a tile are all there. A *packet* is what one layer adds to one precinct (ISO 15444-1
 * B.9, B.10). A codec shows a tile whose last packets are missing as a blurred picture. The lengths in the packets'
 * headers lead from one to the next, so that only these are read.
 *
 * @param data  the bytes of the tile's parts behind their headers, joined.
 * @returns     false when the data end before the last packet does. True also where a header is not understood: the
 *              codec is the judge of it then.
 */
export function hasAllPackets(data: Uint8Array, tile: Rectangle, coding: CodingStyle): boolean {
  // Every packet takes a byte at least, which also bounds what is made of the declared sizes.
  if (countPrecincts(tile, coding) * coding.layers > data.length) return false;
  const bits = new PacketBits(data);
  const bands = new Map<Precinct, Band[]>();
  try {
    for (const [precinct, layer] of inOrder(precinctsOf(tile, coding), coding)) {
      if (bits.at >= data.length) return false;
      const own = () => bands.get(precinct) ?? bands.set(precinct, makeBands(precinct)).get(precinct)!;
      readPacket(bits, data, own, layer, coding.blockStyle);
      if (bits.at > data.length) return false;
    }
  } catch (thrown) {
    // Behind the end there are zeros, which soon make no sense either.
    if (thrown instanceof Misread) return bits.at <= data.length;
    throw thrown;
  }
  return true;
}

/** Brings the packets in their order (B.12). */
function* inOrder(
  precincts: readonly Precinct[],
  { progression, layers, levels }: CodingStyle,
): Generator<readonly [Precinct, number]> {
  const resolutions = Array.from({ length: levels + 1 }, (_, resolution) =>
    precincts.filter((precinct) => precinct.resolution === resolution),
  );
  if (progression === 0) {
    for (let layer = 0; layer < layers; layer += 1) for (const precinct of precincts) yield [precinct, layer];
  } else if (progression === 1) {
    for (const own of resolutions)
      for (let layer = 0; layer < layers; layer += 1) for (const precinct of own) yield [precinct, layer];
  } else {
    const byPlace = (a: Precinct, b: Precinct) => a.y - b.y || a.x - b.x || a.resolution - b.resolution;
    const sorted = progression === 2 ? precincts : [...precincts].sort(byPlace);
    for (const precinct of sorted) for (let layer = 0; layer < layers; layer += 1) yield [precinct, layer];
  }
}

const makeBands = (precinct: Precinct): Band[] =>
  precinct.bands().map(({ across, down }) => ({
    across,
    down,
    inclusion: new TagTree(across, down),
    bitPlanes: new TagTree(across, down),
    blocks: [],
  }));

/** Steps over one packet: an optional SOP marker, the header, an optional EPH marker, the code-blocks' bytes. */
function readPacket(
  bits: PacketBits,
  data: Uint8Array,
  bandsOf: () => readonly Band[],
  layer: number,
  blockStyle: number,
): void {
  const isMarker = (code: number) => data[bits.at] === 0xff && data[bits.at + 1] === code;
  if (isMarker(0x91)) bits.seek(bits.at + 6);
  let bytes = 0;
  if (bits.bit() === 1) {
    for (const band of bandsOf())
      for (let y = 0; y < band.down; y += 1)
        for (let x = 0; x < band.across; x += 1) bytes += readBlock(bits, band, x, y, layer, blockStyle);
  }
  bits.align();
  if (isMarker(0x92)) bits.seek(bits.at + 2);
  bits.seek(bits.at + bytes);
}

/** Reads what a packet's header says of one code-block. @returns the bytes that the packet has of it. */
function readBlock(
  bits: PacketBits,
  { across, inclusion, bitPlanes, blocks }: Band,
  x: number,
  y: number,
  layer: number,
  blockStyle: number,
): number {
  const index = y * across + x;
  let block = blocks[index];
  if (block === undefined) {
    if (!inclusion.isBelow(bits, x, y, layer + 1)) return 0;
    let planes = 1;
    while (!bitPlanes.isBelow(bits, x, y, planes)) planes = oneMore(planes, mostBitPlanes);
    block = { lengthBits: 3, segment: 0, passes: 0 };
    blocks[index] = block;
  } else if (bits.bit() === 0) return 0;
  let passes = readPasses(bits);
  while (bits.bit() === 1) block.lengthBits = oneMore(block.lengthBits, longestLength);
  let bytes = 0;
  while (passes > 0) {
    if (block.passes === passesOf(block.segment, blockStyle)) {
      block.segment += 1;
      block.passes = 0;
    }
    const taken = Math.min(passesOf(block.segment, blockStyle) - block.passes, passes);
    const width = block.lengthBits + 31 - Math.clz32(taken);
    if (width > longestLength) throw new Misread();
    bytes += bits.bits(width);
    block.passes += taken;
    passes -= taken;
  }
  return bytes;
}

function oneMore(value: number, most: number): number {
  if (value >= most) throw new Misread();
  return value + 1;
}

/** Reads the number of coding passes (table B.4). */
function readPasses(bits: PacketBits): number {
  if (bits.bit() === 0) return 1;
  if (bits.bit() === 0) return 2;
  const two = bits.bits(2);
  if (two < 3) return 3 + two;
  const five = bits.bits(5);
  return five < 31 ? 6 + five : 37 + bits.bits(7);
}

/**
 * The most passes of a terminated segment of a code-block, each of which has a length of its own (B.10.7, table D.9; ISO
 * 15444-15 B.1 for high throughput: the cleanup pass, then the others).
 */
function passesOf(segment: number, blockStyle: number): number {
  if (blockStyle & style.highThroughput) return segment === 0 ? 1 : Number.POSITIVE_INFINITY;
  if (blockStyle & style.terminated) return 1;
  if (blockStyle & style.bypass) return segment === 0 ? 10 : segment % 2 === 1 ? 2 : 1;
  return Number.POSITIVE_INFINITY;
}
