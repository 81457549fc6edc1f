import type { Cost } from '../../contract/cost.ts';
import type { ErrorCode } from '../../contract/errors.ts';
import type { BundleId } from '../../contract/ids/bundle-id.ts';
import type { Digest } from '../../contract/ids/digest.ts';
import type { JobId } from '../../contract/ids/job-id.ts';
import type { KeyId } from '../../contract/ids/key-id.ts';

/** How an execution ended. A result frame lies in the frame store under `result` by then. */
export type Outcome =
  | {
      readonly kind: 'done';
      readonly result: Digest;
      readonly resultBytes: number;
      readonly evaluateMs: number;
      readonly cost: Cost;
    }
  | { readonly kind: 'failed'; readonly code: ErrorCode }
  | { readonly kind: 'cancelled' }
  /** The worker ended without an answer. */
  | { readonly kind: 'lost' };

/** What an executor needs to know of a job. Key and input are names of frames, which it fetches from the store itself. */
export type Task = {
  readonly id: JobId;
  readonly bundle: BundleId;
  readonly key: KeyId;
  readonly input: Digest;
};

export type OnProgress = (fraction: number, layer: string) => void;

/** One job under way. `outcome` never rejects. */
export type Execution = { readonly outcome: Promise<Outcome>; cancel(): void };

/** Runs jobs: the worker threads of this machine, or a fake in tests. Workers elsewhere would be another one. */
export interface Executor {
  /** How many jobs could start now. */
  readonly free: number;
  /** Whether one could start without loading its evaluation keys first. */
  hasReady(key: KeyId): boolean;
  /** Starts a job. One start less is `free` when this returns. Call it only while `free` is not 0. */
  start(task: Task, onProgress: OnProgress): Execution;
  close(): Promise<void>;
}
