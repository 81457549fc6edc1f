/** An RLE frame of these segments: their number and offsets in 64 bytes, then the segments (PS3.5 G.5). */
export function rleStream(segments: readonly (readonly number[] | Uint8Array)[]): Uint8Array {
  const header = Buffer.alloc(64);
  header.writeUInt32LE(segments.length, 0);
  let offset = 64;
  for (const [index, segment] of segments.entries()) {
    header.writeUInt32LE(offset, 4 + 4 * index);
    offset += segment.length;
  }
  return new Uint8Array(Buffer.concat([header, ...segments.map((segment) => Buffer.from(segment))]));
}

/** Encodes little-endian cells: one segment per byte of a cell, high bytes first. */
export function encodeRle(cells: Uint8Array, bitsAllocated: 8 | 16): Uint8Array {
  const bytesPerCell = bitsAllocated / 8;
  const planes = Array.from({ length: bytesPerCell }, (_, index) =>
    cells.filter((_, at) => at % bytesPerCell === bytesPerCell - 1 - index),
  );
  return rleStream(planes.map(packBits));
}

/** Runs of two and more as runs, everything else as copies of up to 128 bytes. */
function packBits(plane: Uint8Array): number[] {
  const packed: number[] = [];
  for (let at = 0; at < plane.length; ) {
    let end = at + 1;
    while (end < plane.length && end - at < 128 && plane[end] === plane[at]) end += 1;
    if (end - at > 1) {
      packed.push(257 - (end - at), plane[at]!);
    } else {
      while (end < plane.length && end - at < 128 && plane[end] !== plane[end - 1]) end += 1;
      packed.push(end - at - 1, ...plane.subarray(at, end));
    }
    at = end;
  }
  if (packed.length % 2 === 1) packed.push(0);
  return packed;
}
