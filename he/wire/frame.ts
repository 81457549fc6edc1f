import { createHash } from 'node:crypto';
import { CxrError } from '../../contract/errors.ts';
import { type BundleId, parseBundleId } from '../../contract/ids/bundle-id.ts';
import { type Digest, parseDigest } from '../../contract/ids/digest.ts';
import { type KeyId, parseKeyId } from '../../contract/ids/key-id.ts';

/**
 * The header of a frame has this many bytes. A *frame* is what workstation and evaluator send each other: a header that
 * says what it is, and a payload. This is version 1; integers are little-endian (docs/wire-format.md):
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

/** There are three kinds of frames, and each has its number in the header. */
export const frameKinds = { evaluationKeys: 1, input: 2, result: 3 } as const;
/** A frame kind says what a frame carries: evaluation keys, an input or a result. */
export type FrameKind = keyof typeof frameKinds;

/** This is a frame whose header has been read. */
export type Frame = {
  readonly kind: FrameKind;
  readonly bundle: BundleId;
  /**
   * What the frame belongs to. An input names the id of its evaluation keys, a result names the digest of the input
   * frame that it answers, and evaluation keys name nothing: 64 zeros.
   */
  readonly subject: Digest;
  readonly nonce: Uint8Array;
  readonly payload: Uint8Array;
};

/** The subject of a frame that belongs to no other frame is 64 zeros. */
export const noSubject = parseDigest('0'.repeat(64));

/** Computes the SHA-256 of several byte strings as if they were one. */
export function sha256(...parts: readonly Uint8Array[]): Digest {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return parseDigest(hash.digest('hex'));
}

/** Computes the digest under which a whole frame is known. The result of an input frame names it as its subject. */
export const frameDigest = (frame: Uint8Array): Digest => sha256(frame);
/** Computes the id of a client's evaluation keys: the digest of their frame. */
export const keyIdOf = (frame: Uint8Array): KeyId => parseKeyId(sha256(frame));

/**
 * Serialises a frame; `decodeFrame` undoes it.
 *
 * @throws TypeError for a nonce that does not have 16 bytes.
 */
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

/** A frame header is what the first 128 bytes of a frame say, before the payload is there. */
export type FrameHeader = Omit<Frame, 'payload'> & { readonly payloadBytes: number; readonly digest: string };

/**
 * Reads the first 128 bytes of a frame. The digest is read but not compared, because the payload is needed for it.
 *
 * @param maxPayloadBytes  the largest payload that is accepted, or a function of the bundle that throws for an unknown
 *         one.
 * @throws CxrError `frame-truncated`, `frame-malformed`, `frame-too-large`.
 */
export function decodeFrameHeader(
  bytes: Uint8Array,
  kind: FrameKind,
  maxPayloadBytes: number | ((bundle: BundleId) => number),
): FrameHeader {
  if (bytes.length < frameHeaderBytes) {
    throw new CxrError('frame-truncated', { got: bytes.length, expected: frameHeaderBytes });
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const refuseUnless = (field: string, got: number, expected: number) => {
    if (got !== expected) throw new CxrError('frame-malformed', { field, got, expected });
  };
  refuseUnless('magic', view.getUint32(0), 0x43584652);
  refuseUnless('version', bytes[4]!, 1);
  refuseUnless('kind', bytes[5]!, frameKinds[kind]);
  refuseUnless('reserved', view.getUint16(6), 0);
  const hex = (from: number, to: number) => Buffer.from(bytes.subarray(from, to)).toString('hex');
  const bundle = parseBundleId(hex(8, 40));
  const limit = typeof maxPayloadBytes === 'number' ? maxPayloadBytes : maxPayloadBytes(bundle);
  const length = view.getBigUint64(88, true);
  if (length > BigInt(limit)) throw new CxrError('frame-too-large', { expected: limit });
  return {
    kind,
    bundle,
    subject: parseDigest(hex(40, 72)),
    nonce: bytes.subarray(72, 88),
    payloadBytes: Number(length),
    digest: hex(96, frameHeaderBytes),
  };
}

/**
 * Parses a whole frame from the network and checks it.
 *
 * @param expected  the kind and the largest payload that the caller accepts; bundle and subject where they are known.
 * @returns a frame whose payload is a view into `bytes`.
 * @throws CxrError as `decodeFrameHeader`; `frame-digest` when a bit has changed; `frame-foreign` for another bundle or
 *   subject.
 */
export function decodeFrame(
  bytes: Uint8Array,
  expected: { kind: FrameKind; maxPayloadBytes: number; bundle?: BundleId; subject?: Digest },
): Frame {
  const header = decodeFrameHeader(bytes, expected.kind, expected.maxPayloadBytes);
  const wanted = frameHeaderBytes + header.payloadBytes;
  if (bytes.length < wanted) throw new CxrError('frame-truncated', { got: bytes.length, expected: wanted });
  if (bytes.length > wanted) {
    throw new CxrError('frame-malformed', { field: 'length', got: bytes.length, expected: wanted });
  }
  const payload = bytes.subarray(frameHeaderBytes);
  if (sha256(bytes.subarray(0, 96), payload) !== header.digest) {
    throw new CxrError('frame-digest', { kind: expected.kind });
  }
  const { kind, bundle, subject, nonce } = header;
  if (expected.bundle !== undefined && bundle !== expected.bundle) {
    throw new CxrError('frame-foreign', { field: 'bundle', got: bundle, expected: expected.bundle });
  }
  if (expected.subject !== undefined && subject !== expected.subject) {
    throw new CxrError('frame-foreign', { field: 'subject' });
  }
  return { kind, bundle, subject, nonce, payload };
}
