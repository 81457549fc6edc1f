import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CxrError } from '../../../contract/errors.ts';
import { parseBundleId } from '../../../contract/ids/bundle-id.ts';
import { parseDigest } from '../../../contract/ids/digest.ts';
import {
  decodeFrame,
  encodeFrame,
  type FrameKind,
  frameDigest,
  frameHeaderBytes,
  frameKinds,
  noSubject,
} from '../../../he/wire/frame.ts';

const bundle = parseBundleId('ab'.repeat(32));
const subject = parseDigest('cd'.repeat(32));
const kinds = Object.keys(frameKinds) as FrameKind[];
const maxPayloadBytes = 64;
const small = encodeFrame({
  kind: 'input',
  bundle,
  subject,
  nonce: Uint8Array.from({ length: 16 }, (_, index) => index + 1),
  payload: Uint8Array.of(3, 1, 4, 1, 5, 9, 2, 6),
});
const expected = { kind: 'input', maxPayloadBytes, bundle, subject } as const;

/** The code with which a frame is refused; null when it is accepted. Anything without a code fails the test. */
function refusal(bytes: Uint8Array, given: Parameters<typeof decodeFrame>[1] = expected): string | null {
  try {
    decodeFrame(bytes, given);
    return null;
  } catch (error) {
    if (error instanceof CxrError) return error.code;
    throw error;
  }
}

const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('a frame', () => {
  it('decodes to what was encoded', () => {
    const frames = fc.record({
      kind: fc.constantFrom(...kinds),
      bundle: bytesOf(32),
      subject: bytesOf(32),
      nonce: bytesOf(16),
      payload: fc.uint8Array({ maxLength: maxPayloadBytes }),
    });
    fc.assert(
      fc.property(frames, (given) => {
        const frame = {
          ...given,
          bundle: parseBundleId(hexOf(given.bundle)),
          subject: parseDigest(hexOf(given.subject)),
        };
        const bytes = encodeFrame(frame);
        expect(bytes.length).toBe(frameHeaderBytes + frame.payload.length);
        const decoded = decodeFrame(bytes, {
          kind: frame.kind,
          maxPayloadBytes,
          bundle: frame.bundle,
          subject: frame.subject,
        });
        expect({ ...decoded, nonce: hexOf(decoded.nonce), payload: hexOf(decoded.payload) }).toEqual({
          ...frame,
          nonce: hexOf(frame.nonce),
          payload: hexOf(frame.payload),
        });
      }),
    );
  });

  it('decodes from the middle of a larger buffer', () => {
    const buffer = new Uint8Array(small.length + 14);
    buffer.set(small, 7);
    expect(refusal(buffer.subarray(7, 7 + small.length))).toBeNull();
  });

  it('has the documented bytes', () => {
    expect(hexOf(small.subarray(0, 8))).toBe('4358465201020000');
    expect(hexOf(small.subarray(8, 72))).toBe(bundle + subject);
    expect(hexOf(small.subarray(88, 96))).toBe('0800000000000000');
    expect(frameDigest(small)).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('a frame is refused with a code', () => {
  it('when any single byte is altered, in any bit', () => {
    for (let at = 0; at < small.length; at += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        const altered = small.slice();
        altered[at]! ^= 1 << bit;
        expect(refusal(altered), `byte ${at} bit ${bit}`).toMatch(/^frame-/);
      }
    }
  });

  it('when it is cut at any length', () => {
    for (let length = 0; length < small.length; length += 1) {
      expect(refusal(small.subarray(0, length)), `length ${length}`).toBe('frame-truncated');
    }
  });

  it('when bytes follow it', () => {
    expect(refusal(Uint8Array.of(...small, 0))).toBe('frame-malformed');
  });

  it('when it announces more than the receiver accepts, before its digest is computed', () => {
    expect(refusal(small, { ...expected, maxPayloadBytes: 8 })).toBeNull();
    expect(refusal(small, { ...expected, maxPayloadBytes: 7 })).toBe('frame-too-large');
    const huge = small.slice();
    huge.fill(0xff, 88, 96);
    expect(refusal(huge)).toBe('frame-too-large');
  });

  it('when it is of another kind, bundle or subject', () => {
    for (const kind of kinds) {
      expect(refusal(small, { ...expected, kind })).toBe(kind === 'input' ? null : 'frame-malformed');
    }
    expect(refusal(small, { ...expected, bundle: parseBundleId('ef'.repeat(32)) })).toBe('frame-foreign');
    expect(refusal(small, { ...expected, subject: noSubject })).toBe('frame-foreign');
  });

  it('when it is anything else at all', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(refusal(bytes)).toMatch(/^frame-/);
      }),
    );
  });
});

it('encoding refuses a nonce of another length', () => {
  const frame = { kind: 'input', bundle, subject, payload: new Uint8Array(0) } as const;
  expect(() => encodeFrame({ ...frame, nonce: new Uint8Array(15) })).toThrow(TypeError);
});
