import type { Digest } from '../../contract/ids/digest.ts';
import type { ByteSource } from '../../he/wire/byte-source.ts';

/** A frame that a store holds. `usedAt` is when it was put or last touched, in milliseconds since 1970. */
export type StoredFrame = { readonly digest: Digest; readonly bytes: number; readonly usedAt: number };

/** A stored frame that is open for reading at any place. Disposing of it gives back what it holds open. */
export type OpenedFrame = Disposable & { readonly source: ByteSource };

/**
 * Frames by content: each lies under the SHA-256 of all its bytes. The HTTP side and the workers reach the same frames
 * through stores of their own, so that only digests travel between them. Frames are ciphertexts and evaluation keys;
 * nothing in a store can be decrypted by the evaluator.
 *
 * A second implementation, such as an object store, guarantees the following. `describeFrameStore` of
 * test/evaluator/store/frame-store-contract.ts checks what can be checked from outside.
 *
 * - **Atomicity.** Whoever reads finds all of a frame or none of it. A `put` that fails, or whose chunks throw, leaves
 *   nothing behind that `get`, `has` or `list` would show.
 * - **Durability.** A frame is kept once `put` has returned: a restart of any process, and a loss of power, find it.
 * - **Room.** A `put` for which there is no room throws `storage-full` and leaves nothing.
 * - **Visibility.** A frame that was put through one store is found at once through every other store of the same
 *   place.
 * - **Privacy.** Only the evaluator can read or write a frame.
 * - **Deletion.** A store never removes a frame by itself, neither by age nor for room. The HTTP side alone removes:
 *   `KeyStore` the evaluation keys, `Jobs` inputs and results. Workers only put and read.
 * - **Integrity.** `put` computes the digest, so that no frame is stored under a foreign name. Reading checks nothing,
 *   because media and people change files: a reader who must know compares the digest again.
 */
export interface FrameStore {
  /**
   * Stores a frame. Chunks are taken one after the other and are not held in memory. Chunks that throw at their end
   * refuse the frame: this is how a check of the whole frame is made before it is kept. A frame that is there already
   * is put again without harm.
   */
  put(frame: Uint8Array | AsyncIterable<Uint8Array>): Promise<StoredFrame>;
  /** All bytes of a frame, null when it is not here. For inputs and results, which have a few megabytes. */
  get(digest: Digest): Promise<Uint8Array | null>;
  /** The bytes of a frame from its start, in chunks, null when it is not here. A reader may stop early. */
  stream(digest: Digest): Promise<AsyncIterable<Uint8Array> | null>;
  /**
   * Opens a frame for reading at any place, null when it is not here. Reading is synchronous, because keys are read
   * in the middle of a computation: a store elsewhere copies the frame to a local file first and removes that file
   * when the frame is disposed of. A frame that is removed while it is open stays readable.
   */
  open(digest: Digest): Promise<OpenedFrame | null>;
  has(digest: Digest): Promise<boolean>;
  /** Size of a frame in bytes, null when it is not here. */
  size(digest: Digest): Promise<number | null>;
  /** Notes that a frame is wanted now, for the order of `list`. Nothing happens for a frame that is not here. */
  touch(digest: Digest): Promise<void>;
  /** Removes a frame. Nothing happens for a frame that is not here. */
  remove(digest: Digest): Promise<void>;
  /** Every frame, the least recently used first; those used at the same time by digest. */
  list(): Promise<readonly StoredFrame[]>;
}
