/** A byte source is read piece by piece, so that a file of hundreds of megabytes need not be in memory whole. */
export type ByteSource = {
  readonly length: number;
  /** Reads `count` bytes from offset `at` on; both must lie within `length`. */
  read(at: number, count: number): Uint8Array;
};

/** Makes a byte source of bytes that are in memory. Reading copies nothing. */
export const inMemory = (bytes: Uint8Array): ByteSource => ({
  length: bytes.length,
  read: (at, count) => bytes.subarray(at, at + count),
});
