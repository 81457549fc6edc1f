import { z } from 'zod';
import type { Cost } from '../../contract/cost.ts';
import type { ErrorCode } from '../../contract/errors.ts';
import { type BundleId, bundleIdSchema } from '../../contract/ids/bundle-id.ts';
import { digestSchema } from '../../contract/ids/digest.ts';
import { type JobId, jobIdSchema } from '../../contract/ids/job-id.ts';
import { type KeyId, keyIdSchema } from '../../contract/ids/key-id.ts';
import { jobStateSchema } from '../../contract/protocol.ts';

/**
 * What is kept about a job, on disk: who it is for, which frame it answers, how it ended. Queued and running are
 * not told apart, because a restart queues both again. The input digest is the memory of accepted frames.
 */
export const jobRecordSchema = z.object({
  format: z.literal('cipherfilm-job/1'),
  id: jobIdSchema,
  bundle: bundleIdSchema,
  key: keyIdSchema,
  input: digestSchema,
  acceptedAt: z.number(),
  ended: z.object({ at: z.number(), state: jobStateSchema }).nullable(),
});
export type JobRecord = z.infer<typeof jobRecordSchema>;

/** How an execution ended. `frame` is the whole result frame. */
export type Outcome =
  | {
      readonly kind: 'done';
      readonly frame: Uint8Array;
      readonly evaluateMs: number;
      readonly cost: Cost;
    }
  | { readonly kind: 'failed'; readonly code: ErrorCode }
  | { readonly kind: 'cancelled' };

/** What an executor needs to know of a job; frames travel as files. */
export type Task = {
  readonly id: JobId;
  readonly bundle: BundleId;
  readonly key: KeyId;
  readonly inputFile: string;
};

export type OnProgress = (fraction: number, layer: string) => void;

/** One job under way. `outcome` never rejects. */
export type Execution = { readonly outcome: Promise<Outcome>; cancel(): void };

/** Runs jobs: the worker pool, or a fake in tests. */
export interface Executor {
  /** How many jobs could start now. */
  readonly free: number;
  /** Whether one could start without loading its evaluation keys first. */
  hasReady(key: KeyId): boolean;
  /** Gets an idle worker ready for jobs of a bundle, once. */
  prepare(bundle: BundleId): void;
  start(task: Task, onProgress: OnProgress): Execution;
  close(): Promise<void>;
}
