/** Bytes that are read piece by piece, so that what holds them need not be in memory whole. */
export type ByteSource = {
  readonly length: number;
  /** `count` bytes from `at` on; both within `length`. */
  read(at: number, count: number): Uint8Array;
};

export const inMemory = (bytes: Uint8Array): ByteSource => ({
  length: bytes.length,
  read: (at, count) => bytes.subarray(at, at + count),
});
