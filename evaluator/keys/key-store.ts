import { CxrError } from '../../contract/errors.ts';
import { type BundleId, parseBundleId } from '../../contract/ids/bundle-id.ts';
import type { Digest } from '../../contract/ids/digest.ts';
import { type KeyId, parseKeyId } from '../../contract/ids/key-id.ts';
import type { Log } from '../observe/log.ts';
import type { FrameStore, StoredFrame } from '../store/frame-store.ts';
import type { FrameStreamCheck } from '../store/frame-stream.ts';

export type KeyLimits = {
  readonly keys: number;
  readonly bytes: number;
  /** Uploads at one time; each may occupy disk that is not counted yet. */
  readonly uploads: number;
};
type CheckedFrame = ReturnType<FrameStreamCheck['finish']>;
/** A frame that may be kept once `victims` have made room. */
type Admission = { readonly bundle: BundleId; readonly victims: readonly KeyId[] };
type StoredKey = { readonly bundle: BundleId; readonly bytes: number; usedAt: number };

/** Whether a queued or running job needs these keys; such keys are never evicted. */
export type InUse = (id: KeyId) => boolean;

/** Where the bundle id lies in a frame (he/wire/frame.ts). */
const bundleField = { from: 8, to: 40 } as const;

/**
 * Which evaluation keys are stored, for which bundle, and which must go. The frames themselves lie in a frame store.
 * Bounded; the least recently used keys make room. Nothing here can decrypt.
 */
export class KeyStore {
  readonly #frames: FrameStore;
  readonly #limits: KeyLimits;
  readonly #log: Log;
  readonly #keys = new Map<KeyId, StoredKey>();
  #uploads = 0;

  private constructor(frames: FrameStore, limits: KeyLimits, log: Log) {
    this.#frames = frames;
    this.#limits = limits;
    this.#log = log;
  }

  /** Knows again the keys that an earlier run stored. */
  static async open(frames: FrameStore, limits: KeyLimits, log: Log): Promise<KeyStore> {
    const store = new KeyStore(frames, limits, log);
    for (const frame of await frames.list()) await store.#adopt(frame);
    return store;
  }

  async #adopt({ digest, bytes, usedAt }: StoredFrame): Promise<void> {
    const bundle = await bundleOf(this.#frames, digest);
    this.#keys.set(parseKeyId(digest), { bundle, bytes, usedAt });
  }

  get count(): number {
    return this.#keys.size;
  }
  get limits(): KeyLimits {
    return this.#limits;
  }
  has(id: KeyId): boolean {
    return this.#keys.has(id);
  }

  /** The bundle that stored keys belong to, noting that they are wanted. @throws CxrError `evaluation-key-missing`. */
  use(id: KeyId): BundleId {
    const key = this.#keys.get(id);
    if (key === undefined) throw new CxrError('evaluation-key-missing', { key: id });
    key.usedAt = Date.now();
    void this.#frames.touch(id).catch(() => {});
    return key.bundle;
  }

  /** The keys of a bundle that were used last, or null when it has none. */
  lastUsed(bundle: BundleId): KeyId | null {
    const own = [...this.#keys].filter(([, key]) => key.bundle === bundle);
    return own.sort(([, left], [, right]) => right.usedAt - left.usedAt)[0]?.[0] ?? null;
  }

  async remove(id: KeyId): Promise<void> {
    if (this.#keys.delete(id)) await this.#frames.remove(id);
  }

  /**
   * Stores a frame under `id`, streaming it to the store while `check` looks at it.
   *
   * @param announced  bytes to come, null when unknown.
   * @throws CxrError  what `check` throws, `frame-digest` when the frame is not the one that `id` names,
   *                   `quota-exceeded` when keys in use leave no room.
   */
  async receive(
    id: KeyId,
    chunks: AsyncIterable<Uint8Array>,
    check: FrameStreamCheck,
    announced: number | null,
    inUse: InUse,
  ): Promise<void> {
    if (this.#uploads >= this.#limits.uploads) {
      throw new CxrError('quota-exceeded', { field: 'uploads', expected: this.#limits.uploads });
    }
    if (!this.#keys.has(id)) this.#victims(announced ?? 0, inUse);
    let admitted = null as Admission | null;
    const admit = ({ digest, bundle, bytes }: CheckedFrame) => {
      if (digest !== id) throw new CxrError('frame-digest', { field: 'name' });
      admitted = { bundle, victims: this.#keys.has(id) ? [] : this.#victims(bytes, inUse) };
    };
    this.#uploads += 1;
    try {
      const { bytes } = await this.#frames.put(checked(chunks, check, admit));
      if (admitted !== null) await this.#stored(id, bytes, admitted, inUse);
    } finally {
      this.#uploads -= 1;
    }
  }

  async #stored(id: KeyId, bytes: number, { bundle, victims }: Admission, inUse: InUse): Promise<void> {
    if (this.#keys.has(id)) return;
    this.#keys.set(id, { bundle, bytes, usedAt: Date.now() });
    this.#log('key-stored', { keyId: id, bundle, bytes });
    for (const victim of victims) await this.#evict(victim, inUse);
  }

  async #evict(id: KeyId, inUse: InUse): Promise<void> {
    if (inUse(id)) return;
    await this.remove(id);
    this.#log('key-evicted', { keyId: id });
  }

  /** The keys that must go for `bytes` more to fit, least recently used first. */
  #victims(bytes: number, inUse: InUse): KeyId[] {
    let count = this.#keys.size + 1;
    let total = [...this.#keys.values()].reduce((sum, key) => sum + key.bytes, bytes);
    const victims: KeyId[] = [];
    const oldestFirst = [...this.#keys].sort(([, left], [, right]) => left.usedAt - right.usedAt);
    for (const [id, key] of oldestFirst) {
      if (count <= this.#limits.keys && total <= this.#limits.bytes) break;
      if (inUse(id)) continue;
      victims.push(id);
      count -= 1;
      total -= key.bytes;
    }
    if (count > this.#limits.keys || total > this.#limits.bytes) {
      throw new CxrError('quota-exceeded', { field: 'keys', expected: this.#limits.keys });
    }
    return victims;
  }
}

/** The chunks, looked at on their way; what `check` or `admit` throws refuses the whole frame. */
async function* checked(
  chunks: AsyncIterable<Uint8Array>,
  check: FrameStreamCheck,
  admit: (frame: CheckedFrame) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    check.update(chunk);
    yield chunk;
  }
  admit(check.finish());
}

/** The bundle that a stored frame names. One that is too short, which only a damaged disk has, names none: 64 zeros. */
async function bundleOf(frames: FrameStore, digest: Digest): Promise<BundleId> {
  const head = Buffer.alloc(bundleField.to);
  let got = 0;
  for await (const chunk of (await frames.stream(digest)) ?? []) {
    head.set(chunk.subarray(0, head.length - got), got);
    got = Math.min(head.length, got + chunk.length);
    if (got === head.length) break;
  }
  return parseBundleId(head.toString('hex', bundleField.from));
}
