import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CxrError } from '../../../contract/errors.ts';
import {
  compressPart,
  joinParts,
  packPayload,
  payloadBound,
  unpackPayload,
} from '../../../he/wire/payload.ts';

const code = 'ciphertext-invalid';
const parts = [Uint8Array.of(1, 2, 3, 4, 5), new Uint8Array(40).fill(7), Uint8Array.of(9)];
const sizes = parts.map((part) => part.length);
const packed = packPayload(parts);

/** The field that a refusal names; null when the payload is accepted. */
function refusal(bytes: Uint8Array, expectedSizes: readonly number[] = sizes): unknown {
  try {
    for (const _ of unpackPayload(bytes, expectedSizes, code));
    return null;
  } catch (error) {
    if (!(error instanceof CxrError)) throw error;
    expect(error.code).toBe(code);
    return error.detail.field;
  }
}

const withU32 = (bytes: Uint8Array, offset: number, value: number): Uint8Array => {
  const altered = bytes.slice();
  new DataView(altered.buffer).setUint32(offset, value, true);
  return altered;
};

describe('a payload', () => {
  it('unpacks to the parts that were packed, within the announced bound', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 5 }), (given) => {
        const bytes = packPayload(given);
        const lengths = given.map((part) => part.length);
        expect(bytes.length).toBeLessThanOrEqual(payloadBound(lengths));
        const unpacked = [...unpackPayload(bytes, lengths, code)];
        expect(unpacked.map((part) => [...part])).toEqual(given.map((part) => [...part]));
      }),
    );
  });

  it('may be compressed part by part', () => {
    expect([...joinParts(parts.map(compressPart))]).toEqual([...packed]);
  });

  it('unpacks to plain byte arrays, which SEAL needs', () => {
    for (const part of unpackPayload(packed, sizes, code)) expect(part.constructor).toBe(Uint8Array);
  });
});

describe('a payload is refused', () => {
  it('with another number of parts', () => {
    expect(refusal(packed, sizes.slice(0, 2))).toBe('parts');
    expect(refusal(packed, [...sizes, 1])).toBe('parts');
    expect(refusal(withU32(packed, 0, 0xffffffff))).toBe('parts');
  });

  it('with a part of another size, announced or real', () => {
    expect(refusal(packed, [5, 41, 1])).toBe('part size');
    // The first part announces 6 bytes and 6 are expected, but 5 come out.
    expect(refusal(withU32(packed, 4, 6), [6, 40, 1])).toBe('expanded size');
  });

  it('when it is a bomb, without expanding it', () => {
    const bomb = packPayload([new Uint8Array(32 * 1024 * 1024)]);
    expect(bomb.length).toBeLessThan(50_000);
    expect(refusal(bomb, [1000])).toBe('part size');
    // It announces 1000 bytes; the expansion stops there.
    expect(refusal(withU32(bomb, 4, 1000), [1000])).toBe('compression');
  });

  it('with bytes after the last part', () => {
    expect(refusal(Uint8Array.of(...packed, 0))).toBe('end');
  });

  it('when it is cut at any length', () => {
    for (let length = 0; length < packed.length; length += 1) {
      expect(refusal(packed.subarray(0, length)), `length ${length}`).not.toBeNull();
    }
  });

  it('when a part is not zstd, or claims to reach beyond the end', () => {
    const garbage = packed.slice();
    garbage[12]! ^= 0xff;
    expect(refusal(garbage)).toBe('compression');
    expect(refusal(withU32(packed, 8, 0xffffffff))).toBe('part size');
  });
});
