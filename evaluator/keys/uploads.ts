import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { CxrError, type ErrorCode } from '../../contract/errors.ts';
import type { KeyId } from '../../contract/ids/key-id.ts';
import { frameHeaderBytes } from '../../he/wire/frame.ts';
import type { FrameStreamCheck } from '../store/frame-stream.ts';
import { UploadFolder } from '../store/upload-folder.ts';
import type { Tenant } from '../tenants/tenant.ts';
import { untilStopped } from './until-stopped.ts';

/** How many uploads that stand still are kept, and for how long. */
export type UploadLimits = {
  readonly total: number;
  readonly perTenant: number;
  /** An upload of which nothing came for so long is removed, ms. */
  readonly keepMs: number;
};

/** Of 50 MB each: 1.6 GB of the disk. */
export const uploadLimits: UploadLimits = { total: 32, perTenant: 16, keepMs: 60 * 60_000 };

/** Keys under way: whose, and which. */
type Upload = { readonly tenant: Tenant; readonly id: KeyId };
type Kept = { readonly owner: string; touchedAt: number };
type Running = { lastAt: number; stop(): void; readonly ended: Promise<void> };

const fileName = /^([0-9a-f]{32})-[0-9a-f]{64}$/;
const sweepMs = 60_000;
/** Of a connection that was cut nothing comes for so long, ms. */
const quietMs = 400;
/** A connection that still brings something is cut off after so long, when its upload goes on elsewhere, ms. */
const longestDrainMs = 5_000;
/** After these the bytes that are kept are as good as before. */
const passing: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'frame-truncated',
  'quota-exceeded',
  'evaluation-key-missing',
]);

/**
 * Evaluation keys that have not come whole. What came is kept on the disk, so that a sender whose connection was cut, or
 * who finds the evaluator restarted, sends only the rest. Kept bytes are no keys: they count for nothing, and nobody but
 * their tenant can go on with them. Bounded in number and time; the upload that stood still longest makes room.
 */
export class Uploads {
  readonly #folder: UploadFolder;
  readonly #limits: UploadLimits;
  readonly #kept = new Map<string, Kept>();
  readonly #running = new Map<string, Running>();
  readonly #sweeping: NodeJS.Timeout;

  private constructor(folder: UploadFolder, limits: UploadLimits) {
    this.#folder = folder;
    this.#limits = limits;
    this.#sweeping = setInterval(() => void this.#sweep(), Math.min(sweepMs, limits.keepMs)).unref();
  }

  /** Finds what an earlier run kept, whose time begins anew, and removes what is no upload. */
  static async open(path: string, limits = uploadLimits): Promise<Uploads> {
    const folder = await UploadFolder.open(path);
    const uploads = new Uploads(folder, limits);
    for (const name of await folder.list()) {
      const [, owner] = fileName.exec(name) ?? [];
      if (owner === undefined || (await folder.size(name)) < frameHeaderBytes) await folder.remove(name);
      else uploads.#kept.set(name, { owner, touchedAt: performance.now() });
    }
    return uploads;
  }

  close(): void {
    clearInterval(this.#sweeping);
  }

  /**
   * The bytes that are kept, all of them on the disk. Whoever asks goes on with the upload: a connection that still
   * sends for it is ended first, because its sender may have lost it without the evaluator having noticed. What was
   * under way on it is waited for.
   */
  async offset(upload: Upload): Promise<number> {
    const name = nameOf(upload);
    using _ = await this.#enter(name);
    return this.#kept.has(name) ? await this.#folder.size(name) : 0;
  }

  /**
   * Adds a piece. A frame that is whole by it is handed to `store`, and then not kept here any more.
   *
   * @param check  a fresh check, which sees the header again for every piece.
   * @param store  takes the whole frame, and checks it.
   * @throws       CxrError `request-invalid` for a piece that does not begin at the end, `quota-exceeded`, and what
   *               `chunks`, `check` and `store` throw.
   */
  async append(
    upload: Upload & { readonly at: number },
    chunks: AsyncIterable<Uint8Array>,
    check: FrameStreamCheck,
    store: (bytes: number, chunks: AsyncIterable<Uint8Array>) => Promise<void>,
  ): Promise<{ readonly offset: number; readonly stored: boolean }> {
    const name = nameOf(upload);
    using turn = await this.#enter(name);
    const { at } = upload;
    const expected = this.#kept.has(name) ? await this.#folder.size(name) : 0;
    if (at !== expected) throw new CxrError('request-invalid', { field: 'upload-offset', got: at, expected });
    try {
      // What a disk did not let go of, at its time, would stand in front.
      if (at === 0) await this.#folder.remove(name);
      else check.update(await this.#folder.head(name, frameHeaderBytes));
      await this.#admit(name);
      await this.#folder.append(name, fitting(untilStopped(chunks, turn.signal), at, check, turn.came));
      const offset = await this.#folder.size(name);
      if (offset < check.wanted) return { offset, stored: false };
      await store(offset, await this.#folder.stream(name));
      await this.#drop(name);
      return { offset, stored: true };
    } catch (error) {
      if (!(error instanceof CxrError && passing.has(error.code))) await this.#drop(name);
      throw error;
    } finally {
      await this.#settle(name);
    }
  }

  /** A piece that does not even hold the header is not worth its file. */
  async #settle(name: string): Promise<void> {
    const kept = this.#kept.get(name);
    if (kept === undefined) return;
    kept.touchedAt = performance.now();
    if ((await this.#folder.size(name)) < frameHeaderBytes) await this.#drop(name);
  }

  async #enter(name: string): Promise<Disposable & { readonly signal: AbortSignal; came(): void }> {
    for (let other = this.#running.get(name); other !== undefined; other = this.#running.get(name)) {
      await drained(other);
      other.stop();
      await other.ended;
    }
    const stopping = new AbortController();
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const running = { lastAt: performance.now(), stop: () => stopping.abort(), ended };
    this.#running.set(name, running);
    return {
      signal: stopping.signal,
      came: () => {
        running.lastAt = performance.now();
      },
      [Symbol.dispose]: () => {
        this.#running.delete(name);
        resolve();
      },
    };
  }

  async #admit(name: string): Promise<void> {
    if (this.#kept.has(name)) return;
    const owner = ownerOf(name);
    const own = [...this.#kept].filter(([, kept]) => kept.owner === owner);
    const crowd = own.length >= this.#limits.perTenant ? own : this.#heaviest();
    const isFull = own.length >= this.#limits.perTenant || this.#kept.size >= this.#limits.total;
    const [victim] = isFull ? this.#idle(crowd) : [];
    if (isFull && victim === undefined)
      throw new CxrError('quota-exceeded', { field: 'uploads', expected: crowd.length });
    this.#kept.set(name, { owner, touchedAt: performance.now() });
    if (victim !== undefined) await this.#drop(victim);
  }

  /** The uploads of the tenant that has most of those that stand still. */
  #heaviest(): [string, Kept][] {
    const byOwner = Map.groupBy(this.#kept, ([, kept]) => kept.owner);
    const weight = (uploads: [string, Kept][]) => this.#idle(uploads).length;
    return [...byOwner.values()].sort((one, other) => weight(other) - weight(one))[0] ?? [];
  }

  /** Those for which nobody sends now, the one that stood still longest first. */
  #idle(uploads: readonly [string, Kept][]): string[] {
    return uploads
      .filter(([name]) => !this.#running.has(name))
      .sort(([, one], [, other]) => one.touchedAt - other.touchedAt)
      .map(([name]) => name);
  }

  async #sweep(): Promise<void> {
    const since = performance.now() - this.#limits.keepMs;
    // One that cannot be removed now is found at the next start.
    for (const name of this.#idle([...this.#kept].filter(([, kept]) => kept.touchedAt < since)))
      await this.#drop(name).catch(() => {});
  }

  async #drop(name: string): Promise<void> {
    this.#kept.delete(name);
    await this.#folder.remove(name);
  }
}

/** Waits until a connection has brought what was under way when it was cut: it ends, or nothing comes any more. */
async function drained(running: Running): Promise<void> {
  const startedAt = performance.now();
  const isOver = running.ended.then(() => true);
  while (performance.now() - running.lastAt < quietMs && performance.now() - startedAt < longestDrainMs)
    if (await Promise.race([isOver, sleep(quietMs / 4)])) return;
}

/** Names of tenants may differ in nothing but capitals, which some systems do not tell apart in names of files. */
const nameOf = ({ tenant, id }: Upload): string =>
  `${createHash('sha256').update(tenant).digest('hex').slice(0, 32)}-${id}`;
const ownerOf = (name: string): string => name.slice(0, 32);

/** The chunks, of which `check` sees the header, as long as they fit into the frame that the header announces. */
async function* fitting(
  chunks: AsyncIterable<Uint8Array>,
  at: number,
  check: FrameStreamCheck,
  came: () => void,
): AsyncGenerator<Uint8Array> {
  let got = at;
  for await (const chunk of chunks) {
    came();
    if (got < frameHeaderBytes) check.update(chunk.subarray(0, frameHeaderBytes - got));
    got += chunk.length;
    if (got > check.wanted)
      throw new CxrError('frame-malformed', { field: 'length', got, expected: check.wanted });
    yield chunk;
  }
}
