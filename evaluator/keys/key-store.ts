import { mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { CxrError } from '../../contract/errors.ts';
import { type BundleId, parseBundleId } from '../../contract/ids/bundle-id.ts';
import { type KeyId, keyIdSchema, parseKeyId } from '../../contract/ids/key-id.ts';
import type { Log } from '../observe/log.ts';
import { unfinishedPath, unfinishedPrefix } from '../store/atomic-write.ts';
import type { FrameStreamCheck } from '../store/frame-stream.ts';

export type KeyLimits = {
  readonly keys: number;
  readonly bytes: number;
  /** Uploads at one time; each may occupy disk that is not counted yet. */
  readonly uploads: number;
};
type StoredKey = { readonly bundle: BundleId; readonly bytes: number; usedAt: number };

/** Whether a queued or running job needs these keys; such keys are never evicted. */
export type InUse = (id: KeyId) => boolean;

/**
 * Evaluation-key frames by content: `<folder>/<sha256 of the frame>`. Bounded; the least recently used keys make
 * room. Nothing here can decrypt.
 */
export class KeyStore {
  readonly #folder: string;
  readonly #limits: KeyLimits;
  readonly #log: Log;
  readonly #keys = new Map<KeyId, StoredKey>();
  #uploads = 0;

  private constructor(folder: string, limits: KeyLimits, log: Log) {
    this.#folder = folder;
    this.#limits = limits;
    this.#log = log;
  }

  /** Opens a folder with the keys that an earlier run left there; unfinished uploads are removed. */
  static async open(folder: string, limits: KeyLimits, log: Log): Promise<KeyStore> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const store = new KeyStore(folder, limits, log);
    for (const name of await readdir(folder)) {
      if (name.startsWith(unfinishedPrefix)) await rm(join(folder, name), { force: true });
      else if (keyIdSchema.safeParse(name).success) await store.#adopt(parseKeyId(name));
    }
    return store;
  }

  async #adopt(id: KeyId): Promise<void> {
    const { size, mtimeMs } = await stat(this.pathOf(id));
    await using file = await open(this.pathOf(id));
    const { buffer } = await file.read(Buffer.alloc(32), 0, 32, 8);
    this.#keys.set(id, { bundle: parseBundleId(buffer.toString('hex')), bytes: size, usedAt: mtimeMs });
  }

  get count(): number {
    return this.#keys.size;
  }
  get limits(): KeyLimits {
    return this.#limits;
  }
  pathOf(id: KeyId): string {
    return join(this.#folder, id);
  }
  has(id: KeyId): boolean {
    return this.#keys.has(id);
  }

  /** The bundle that stored keys belong to, noting that they are wanted. @throws CxrError `evaluation-key-missing`. */
  use(id: KeyId): BundleId {
    const key = this.#keys.get(id);
    if (key === undefined) throw new CxrError('evaluation-key-missing', { key: id });
    key.usedAt = Date.now();
    void utimes(this.pathOf(id), new Date(), new Date()).catch(() => {});
    return key.bundle;
  }

  async remove(id: KeyId): Promise<void> {
    if (this.#keys.delete(id)) await rm(this.pathOf(id), { force: true });
  }

  /**
   * Stores a frame under `id`, streaming it to disk while `check` looks at it.
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
    const temporary = unfinishedPath(this.pathOf(id));
    this.#uploads += 1;
    try {
      await writeChecked(temporary, chunks, check);
      const { digest, bundle, bytes } = check.finish();
      if (digest !== id) throw new CxrError('frame-digest', { field: 'name' });
      if (this.#keys.has(id)) return;
      const victims = this.#victims(bytes, inUse);
      await rename(temporary, this.pathOf(id));
      this.#keys.set(id, { bundle, bytes, usedAt: Date.now() });
      this.#log('key-stored', { keyId: id, bundle, bytes });
      for (const victim of victims) await this.#evict(victim, inUse);
    } finally {
      this.#uploads -= 1;
      await rm(temporary, { force: true });
    }
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

async function writeChecked(
  path: string,
  chunks: AsyncIterable<Uint8Array>,
  check: FrameStreamCheck,
): Promise<void> {
  await using file = await open(path, 'wx', 0o600);
  for await (const chunk of chunks) {
    check.update(chunk);
    await file.writeFile(chunk);
  }
}
