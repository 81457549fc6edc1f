import type { BundleId } from '../../contract/ids/bundle-id.ts';
import type { JobId } from '../../contract/ids/job-id.ts';
import type { KeyId } from '../../contract/ids/key-id.ts';
import type { Arithmetic } from '../../kernel/open.ts';
import type { Outcome, Task } from '../jobs/executor.ts';

/**
 * What is said between the HTTP thread and a worker: ids, digests and numbers. Frames are not sent; both sides reach
 * them in the frame store.
 */
export type RunCommand = {
  readonly kind: 'run';
  readonly task: Task;
  /** A number of this worker's own, at least 1, by which a run is cancelled (`WorkerStart.cancelled`). */
  readonly run: number;
};

/**
 * Opens a bundle, encodes its weights and loads evaluation keys, unless `key` is null, so that the first job need not.
 */
export type PrepareCommand = {
  readonly kind: 'prepare';
  readonly bundle: BundleId;
  readonly key: KeyId | null;
};

/** Asks the thread that verifies keys to look at a stored frame. The answer is a `Verdict`. */
export type VerifyCommand = { readonly key: KeyId; readonly bundle: BundleId };

/**
 * What a worker answers: exactly one `ended` per job unless the worker dies, and one `prepared` per preparation, which
 * says whether the bundle could be opened.
 */
export type WorkerMessage =
  | { readonly kind: 'prepared'; readonly opened: boolean }
  | { readonly kind: 'progress'; readonly job: JobId; readonly fraction: number; readonly layer: string }
  | { readonly kind: 'ended'; readonly job: JobId; readonly outcome: Outcome };

/** What a worker is started with: where it finds frames and bundles, and how it computes. */
export type WorkerStart = {
  /** Whether it runs jobs or verifies keys. */
  readonly role: 'jobs' | 'keys';
  readonly threads: number;
  readonly arithmetic: Arithmetic;
  readonly dataFolder: string;
  readonly bundleFolders: ReadonlyMap<BundleId, string>;
  /**
   * One Int32: the number of the newest run that was cancelled. Shared memory and not a message, because a worker
   * reads no messages while it computes.
   */
  readonly cancelled: SharedArrayBuffer;
};
