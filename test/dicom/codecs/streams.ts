import { readFileSync } from 'node:fs';

/** Size of the synthetic image, neither side a multiple of the 8×8 blocks of JPEG. */
export const streamSize = { rows: 20, columns: 24 } as const;

/** A code stream of the synthetic image, and what it must decode to. */
export type StreamFixture = {
  readonly name: string;
  readonly syntax: string;
  readonly bitsAllocated: 8 | 16;
  readonly bitsStored: number;
  readonly signed: boolean;
  /** Largest difference from the synthetic image; 0 for lossless streams. */
  readonly maxError: number;
  /** Base64 of the code stream. */
  readonly stream: string;
  /** Where a lossy decoder is defined to the bit: base64 of DCMTK's little-endian cells. */
  readonly cells?: string;
};

/**
 * Streams written once from the synthetic image: JPEG and JPEG-LS by DCMTK 3.6.7 (`dcmcjpeg`, `dcmcjpls`), JPEG 2000 by
 * GDCM 3.0.21 (`gdcmconv`), HTJ2K by OpenJPH (`@cornerstonejs/codec-openjph` 2.4.11); `cells` by `dcmdjpeg`.
 */
export function readStreamFixtures(): StreamFixture[] {
  const file = new URL('../../fixtures/dicom/streams.json', import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as StreamFixture[];
}

/**
 * Stored values of the synthetic image: a slope of 40 across and 57 down with a small texture, below 2^11 at x = 23,
 * y = 19 (40·23 + 57·19 + 12 = 2015), scaled to the bits asked for; the middle is 0 when signed.
 */
export function syntheticImage(bitsStored: number, signed: boolean): number[] {
  const { rows, columns } = streamSize;
  return Array.from({ length: rows * columns }, (_, index) => {
    const [x, y] = [index % columns, Math.floor(index / columns)];
    const value = Math.floor((40 * x + 57 * y + ((x * y) % 13)) * 2 ** (bitsStored - 11));
    return signed ? value - 2 ** (bitsStored - 1) : value;
  });
}
