import type { Cost } from '../../contract/cost.ts';
import type { ErrorCode } from '../../contract/errors.ts';
import type { BundleId } from '../../contract/ids/bundle-id.ts';
import type { JobId } from '../../contract/ids/job-id.ts';
import type { KeyId } from '../../contract/ids/key-id.ts';
import type { Arithmetic } from '../../kernel/open.ts';
import type { PayloadLimits } from '../bundles.ts';

/** What the HTTP thread tells a worker. Frames are read from files; only the abort flag is shared memory. */
export type RunCommand = {
  readonly kind: 'run';
  readonly job: JobId;
  readonly bundle: BundleId;
  readonly bundleFolder: string;
  readonly limits: PayloadLimits;
  readonly key: KeyId;
  readonly keyFile: string;
  readonly inputFile: string;
  /** One Int32: not 0 once the job is cancelled. */
  readonly abort: SharedArrayBuffer;
};

/** Opens a bundle and encodes its weights, so that the first job need not; answered by nothing. */
export type PrepareCommand = {
  readonly kind: 'prepare';
  readonly bundle: BundleId;
  readonly bundleFolder: string;
};

/** What a worker answers; exactly one `ended` per job unless the worker dies. */
export type WorkerMessage =
  | { readonly kind: 'progress'; readonly job: JobId; readonly fraction: number; readonly layer: string }
  | { readonly kind: 'ended'; readonly job: JobId; readonly outcome: WorkerOutcome };

export type WorkerOutcome =
  | { readonly kind: 'done'; readonly frame: Uint8Array; readonly evaluateMs: number; readonly cost: Cost }
  | { readonly kind: 'failed'; readonly code: ErrorCode }
  | { readonly kind: 'cancelled' };

/** What a worker is started with. */
export type WorkerStart = { readonly threads: number; readonly arithmetic: Arithmetic };
