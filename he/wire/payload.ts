import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { CxrError, type ErrorCode } from '../../contract/errors.ts';
import { type ByteSource, inMemory } from './byte-source.ts';

/**
 * The payload of a frame is a list of byte strings, its *parts*, each compressed with zstd; integers are little-endian:
 *
 *   u32 count · count × { u32 bytes when expanded · u32 bytes compressed · zstd frame }
 *
 * Nothing is expanded beyond the size that the receiver expects, so that a small part which would expand to gigabytes
 * costs nothing.
 */
const fast = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/**
 * Computes the largest payload that parts of these sizes can need. Data that cannot be compressed grows slightly.
 *
 * @param sizes  bytes of each part when expanded.
 */
export function payloadBound(sizes: readonly number[]): number {
  return sizes.reduce((sum, size) => sum + 8 + size + Math.ceil(size / 128) + 512, 4);
}

/** Makes one part of a payload: its header and its compressed bytes. */
export function compressPart(part: Uint8Array): Uint8Array {
  const compressed = zstdCompressSync(part, fast);
  const packed = new Uint8Array(8 + compressed.length);
  const view = new DataView(packed.buffer);
  view.setUint32(0, part.length, true);
  view.setUint32(4, compressed.length, true);
  packed.set(compressed, 8);
  return packed;
}

/** Makes a payload of parts that `compressPart` has made. */
export function joinParts(parts: readonly Uint8Array[]): Uint8Array {
  const count = new Uint8Array(4);
  new DataView(count.buffer).setUint32(0, parts.length, true);
  return new Uint8Array(Buffer.concat([count, ...parts]));
}

/** Makes a payload of byte strings; `unpackPayload` undoes it. */
export const packPayload = (parts: readonly Uint8Array[]): Uint8Array => joinParts(parts.map(compressPart));

/**
 * Expands a payload part by part. Of a byte source, it reads no more than one part at a time.
 *
 * @param sizes  the exact expanded size of every part, in order.
 * @param code   the error code to throw, because it depends on what the payload is.
 * @throws CxrError `code` when the number of parts or any size differs, or when a part does not expand to its size.
 */
export function* unpackPayload(
  payload: Uint8Array | ByteSource,
  sizes: readonly number[],
  code: ErrorCode,
): Generator<Uint8Array> {
  const source = payload instanceof Uint8Array ? inMemory(payload) : payload;
  const word = (at: number): number => {
    const bytes = source.read(at, 4);
    return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  };
  if (source.length < 4 || word(0) !== sizes.length) throw new CxrError(code, { field: 'parts' });
  let at = 4;
  for (const [index, size] of sizes.entries()) {
    if (at + 8 > source.length) throw new CxrError(code, { field: 'part header', index });
    const [announced, compressed] = [word(at), word(at + 4)];
    at += 8;
    if (announced !== size || at + compressed > source.length)
      throw new CxrError(code, { field: 'part size', index });
    yield expand(source.read(at, compressed), size, index, code);
    at += compressed;
  }
  if (at !== source.length) throw new CxrError(code, { field: 'end' });
}

function expand(compressed: Uint8Array, size: number, index: number, code: ErrorCode): Uint8Array {
  let part: Buffer;
  try {
    part = zstdDecompressSync(compressed, { maxOutputLength: size });
  } catch {
    throw new CxrError(code, { field: 'compression', index });
  }
  if (part.length !== size)
    throw new CxrError(code, { field: 'expanded size', index, got: part.length, expected: size });
  // SEAL's loader takes a plain Uint8Array, not a Buffer.
  return new Uint8Array(part.buffer, part.byteOffset, part.byteLength);
}
