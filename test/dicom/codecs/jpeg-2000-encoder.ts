/** OpenJPEG as an encoder, for streams of every structure that a film may come in. */
export type Structure = {
  /** 0 LRCP, 1 RLCP, 2 RPCL, 3 PCRL, 4 CPRL. */
  readonly progression: number;
  /** Side of the tiles; 0 for one tile. */
  readonly tile: number;
  /** Sides of the precincts, the highest resolution first. */
  readonly precincts: readonly (readonly [number, number])[];
  readonly levels: number;
  readonly isLossless: boolean;
  readonly block: number;
};
type Size = { readonly rows: number; readonly columns: number };
type Encoder = {
  getDecodedBuffer(frame: object): Uint8Array;
  getEncodedBuffer(): Uint8Array;
  setDecompositions(levels: number): void;
  setQuality(lossless: boolean, layer: number): void;
  setProgressionOrder(order: { value: number }): void;
  setTileSize(size: { width: number; height: number }): void;
  setBlockDimensions(size: { width: number; height: number }): void;
  setNumPrecincts(count: number): void;
  setPrecinct(index: number, size: { width: number; height: number }): void;
  encode(): void;
  delete(): void;
};

/** The package describes no types; this is a variable so that the compiler does not look for them. */
const encoderModule: string = '@cornerstonejs/codec-openjpeg/wasmjs';

/** Loads the encoder. @returns a function from 12-bit values to a code stream of one tile-part for each tile. */
export async function openEncoder(): Promise<
  (values: Uint16Array, size: Size, how: Structure) => Uint8Array
> {
  const { default: load } = (await import(encoderModule)) as {
    default: (options: object) => Promise<{ J2KEncoder: new () => Encoder }>;
  };
  const { J2KEncoder } = await load({ print: () => {}, printErr: () => {} });
  return (values, { rows, columns }, { progression, tile, precincts, levels, isLossless, block }) => {
    const encoder = new J2KEncoder();
    try {
      const frame = { width: columns, height: rows, bitsPerSample: 12, componentCount: 1, isSigned: false };
      encoder
        .getDecodedBuffer({ ...frame, isUsingColorTransform: false })
        .set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
      encoder.setDecompositions(levels);
      encoder.setQuality(isLossless, 0);
      encoder.setProgressionOrder({ value: progression });
      if (tile > 0) encoder.setTileSize({ width: tile, height: tile });
      encoder.setBlockDimensions({ width: block, height: block });
      encoder.setNumPrecincts(precincts.length);
      for (const [index, [width, height]] of precincts.entries())
        encoder.setPrecinct(index, { width, height });
      encoder.encode();
      return new Uint8Array(encoder.getEncodedBuffer());
    } finally {
      encoder.delete();
    }
  };
}

const view = (stream: Uint8Array) => new DataView(stream.buffer, stream.byteOffset, stream.byteLength);

/** Where the first tile-part begins. */
export function firstTilePart(stream: Uint8Array): number {
  let at = 2;
  while (view(stream).getUint16(at) !== 0xff90) at += 2 + view(stream).getUint16(at + 2);
  return at;
}

/** Writes a tile-part: tile, its own number, how many there are, and its data behind SOD. */
export function tilePart(
  tile: number,
  number: number,
  count: number,
  data: Uint8Array,
  isOpen = false,
): Uint8Array {
  const part = new Uint8Array(14 + data.length);
  const head = view(part);
  head.setUint16(0, 0xff90);
  head.setUint16(2, 10);
  head.setUint16(4, tile);
  head.setUint32(6, isOpen ? 0 : part.length);
  head.setUint8(10, number);
  head.setUint8(11, count);
  head.setUint16(12, 0xff93);
  part.set(data, 14);
  return part;
}

/** The main header and the data of a stream of one tile with one tile-part. */
export function opened(stream: Uint8Array): { readonly header: Uint8Array; readonly data: Uint8Array } {
  const at = firstTilePart(stream);
  return {
    header: stream.subarray(0, at),
    data: stream.subarray(at + 14, at + view(stream).getUint32(at + 6)),
  };
}

export const joined = (...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array =>
  new Uint8Array(Buffer.concat(parts.map((part) => Uint8Array.from(part))));
export const endOfStream = [0xff, 0xd9] as const;
