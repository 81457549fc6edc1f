import { createHash } from 'node:crypto';
import { CxrError } from '../../contract/errors.ts';
import type { BundleId } from '../../contract/ids/bundle-id.ts';
import { type Digest, parseDigest } from '../../contract/ids/digest.ts';
import { decodeFrameHeader, type FrameKind, frameHeaderBytes, noSubject } from '../../he/wire/frame.ts';

/**
 * Checks a frame while it streams by, for frames too large to hold in memory. Accepts and refuses exactly what
 * `decodeFrame` of he/wire/frame.ts does (a test compares the two), but looks at the header as soon as it is complete.
 */
export class FrameStreamCheck {
  readonly #kind: FrameKind;
  readonly #limitOf: (bundle: BundleId) => number;
  readonly #refuseSmall: (payloadBytes: number, bundle: BundleId) => void;
  readonly #header = Buffer.alloc(frameHeaderBytes);
  readonly #whole = createHash('sha256');
  readonly #inner = createHash('sha256');
  #received = 0;
  #wanted = Number.POSITIVE_INFINITY;
  #bundle: BundleId | null = null;

  /**
   * @param limitOf      largest payload for a bundle, bytes; throws for a bundle that is not served.
   * @param refuseSmall  throws for a payload that is too small for its bundle.
   */
  constructor(
    kind: FrameKind,
    limitOf: (bundle: BundleId) => number,
    refuseSmall: (payloadBytes: number, bundle: BundleId) => void = () => {},
  ) {
    this.#kind = kind;
    this.#limitOf = limitOf;
    this.#refuseSmall = refuseSmall;
  }

  /** Bytes of the whole frame, header and all; infinite until the header has come. */
  get wanted(): number {
    return this.#wanted;
  }

  /** @throws CxrError as `decodeFrame`, at the first byte that decides. */
  update(chunk: Uint8Array): void {
    this.#whole.update(chunk);
    const missing = Math.max(0, frameHeaderBytes - this.#received);
    const head = chunk.subarray(0, missing);
    this.#header.set(head, Math.min(this.#received, frameHeaderBytes));
    this.#received += chunk.length;
    if (missing > 0 && this.#received >= frameHeaderBytes) this.#readHeader();
    if (this.#received > this.#wanted) {
      throw new CxrError('frame-malformed', {
        field: 'length',
        got: this.#received,
        expected: this.#wanted,
      });
    }
    this.#inner.update(chunk.subarray(head.length));
  }

  /** @returns the digest of the whole frame, its bundle and its size. */
  finish(): { digest: Digest; bundle: BundleId; bytes: number } {
    if (this.#bundle === null || this.#received < this.#wanted) {
      const expected = this.#bundle === null ? frameHeaderBytes : this.#wanted;
      throw new CxrError('frame-truncated', { got: this.#received, expected });
    }
    if (this.#inner.digest('hex') !== this.#header.toString('hex', 96, 128)) {
      throw new CxrError('frame-digest', { kind: this.#kind });
    }
    return { digest: parseDigest(this.#whole.digest('hex')), bundle: this.#bundle, bytes: this.#received };
  }

  #readHeader(): void {
    const header = decodeFrameHeader(this.#header, this.#kind, this.#limitOf);
    if (header.subject !== noSubject) throw new CxrError('frame-foreign', { field: 'subject' });
    this.#refuseSmall(header.payloadBytes, header.bundle);
    this.#inner.update(this.#header.subarray(0, 96));
    this.#wanted = frameHeaderBytes + header.payloadBytes;
    this.#bundle = header.bundle;
  }
}
