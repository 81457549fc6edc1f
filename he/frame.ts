import { createHash } from 'node:crypto';
import { CxrError } from '../contract/errors.ts';
import type { BundleId, Digest, KeyId } from '../contract/stages.ts';

/**
 * Wire framing, version 1; integers little-endian (docs/wire-format.md).
 *
 *   offset size
 *        0    4  magic "CXFR"
 *        4    1  version = 1
 *        5    1  kind: 1 evaluation keys, 2 input, 3 result
 *        6    2  zero
 *        8   32  bundle id
 *       40   32  subject: kind 1 zero · kind 2 key id · kind 3 digest of the input frame it answers
 *       72   16  nonce: kind 1 and 2 random, never reused · kind 3 zero
 *       88    8  payload length
 *       96   32  SHA-256 over bytes 0..95 and the payload
 *      128    …  payload
 *
 * A frame is parsed completely before any cryptographic library sees a byte of it.
 */
export const frameHeaderBytes = 128;

export const frameKinds = { evaluationKeys: 1, input: 2, result: 3 } as const;
export type FrameKind = keyof typeof frameKinds;

export type Frame = {
  readonly kind: FrameKind;
  readonly bundle: BundleId;
  /** Input: the key id. Result: the digest of the input frame. Evaluation keys: 64 zeros. */
  readonly subject: Digest;
  readonly nonce: Uint8Array;
  readonly payload: Uint8Array;
};

export const noSubject = '0'.repeat(64) as Digest;

export function sha256(...parts: readonly Uint8Array[]): Digest {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex') as Digest;
}

/** The digest under which a whole frame is known: key id of a key frame, subject of the result of an input frame. */
export const frameDigest = (frame: Uint8Array): Digest => sha256(frame);
export const keyIdOf = (frame: Uint8Array): KeyId => sha256(frame) as Digest as KeyId;

/** Serialises a frame; the inverse of `decodeFrame`. */
export function encodeFrame(frame: Frame): Uint8Array {
  if (frame.nonce.length !== 16) throw new TypeError(`"nonce" expected 16 bytes, got ${frame.nonce.length}`);
  const bytes = new Uint8Array(frameHeaderBytes + frame.payload.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0x43, 0x58, 0x46, 0x52, 1, frameKinds[frame.kind], 0, 0]);
  bytes.set(Buffer.from(frame.bundle, 'hex'), 8);
  bytes.set(Buffer.from(frame.subject, 'hex'), 40);
  bytes.set(frame.nonce, 72);
  view.setBigUint64(88, BigInt(frame.payload.length), true);
  bytes.set(frame.payload, frameHeaderBytes);
  bytes.set(Buffer.from(sha256(bytes.subarray(0, 96), frame.payload), 'hex'), 96);
  return bytes;
}

/**
 * Parses and checks a frame from the network.
 *
 * @param expected  kind, bundle and largest payload that the caller accepts; `subject` where it is known.
 * @returns a frame whose payload is a view into `bytes`.
 * @throws CxrError `frame-truncated`, `frame-malformed`, `frame-too-large`, `frame-digest`, `frame-foreign`.
 */
export function decodeFrame(
  bytes: Uint8Array,
  expected: { kind: FrameKind; maxPayloadBytes: number; bundle?: BundleId; subject?: Digest },
): Frame {
  if (bytes.length < frameHeaderBytes) {
    throw new CxrError('frame-truncated', { got: bytes.length, expected: frameHeaderBytes });
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, false) !== 0x43584652) throw new CxrError('frame-malformed', { field: 'magic' });
  if (bytes[4] !== 1)
    throw new CxrError('frame-malformed', { field: 'version', got: bytes[4]!, expected: 1 });
  if (bytes[5] !== frameKinds[expected.kind]) {
    throw new CxrError('frame-malformed', {
      field: 'kind',
      got: bytes[5]!,
      expected: frameKinds[expected.kind],
    });
  }
  if (bytes[6] !== 0 || bytes[7] !== 0) throw new CxrError('frame-malformed', { field: 'reserved' });
  const length = view.getBigUint64(88, true);
  if (length > BigInt(expected.maxPayloadBytes)) {
    throw new CxrError('frame-too-large', { expected: expected.maxPayloadBytes });
  }
  const wanted = frameHeaderBytes + Number(length);
  if (bytes.length < wanted) throw new CxrError('frame-truncated', { got: bytes.length, expected: wanted });
  if (bytes.length > wanted)
    throw new CxrError('frame-malformed', { field: 'length', got: bytes.length, expected: wanted });
  const payload = bytes.subarray(frameHeaderBytes);
  const digest = Buffer.from(bytes.subarray(96, 128)).toString('hex');
  if (sha256(bytes.subarray(0, 96), payload) !== digest)
    throw new CxrError('frame-digest', { kind: expected.kind });
  const bundle = Buffer.from(bytes.subarray(8, 40)).toString('hex') as BundleId;
  if (expected.bundle !== undefined && bundle !== expected.bundle) {
    throw new CxrError('frame-foreign', { field: 'bundle', got: bundle, expected: expected.bundle });
  }
  const subject = Buffer.from(bytes.subarray(40, 72)).toString('hex') as Digest;
  if (expected.subject !== undefined && subject !== expected.subject) {
    throw new CxrError('frame-foreign', { field: 'subject' });
  }
  return { kind: expected.kind, bundle, subject, nonce: bytes.subarray(72, 88), payload };
}
