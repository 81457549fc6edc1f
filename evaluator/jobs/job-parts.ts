import type { BundleId } from '../../contract/ids/bundle-id.ts';
import type { Digest } from '../../contract/ids/digest.ts';
import type { KeyId } from '../../contract/ids/key-id.ts';
import type { Log } from '../observe/log.ts';
import type { FrameStore } from '../store/frame-store.ts';
import type { Clock } from '../store/service-clock.ts';
import type { Tenant } from '../tenants/tenant.ts';
import type { Executor } from './executor.ts';
import type { JobQueue } from './job-queue.ts';
import type { RecordStore } from './record-store.ts';
import type { Watchers } from './watchers.ts';

export type JobLimits = {
  /** Jobs that may wait; running ones are not counted. */
  readonly queued: number;
  /** Records kept in all; beyond it the oldest ended jobs are forgotten early. */
  readonly records: number;
  /** How long an ended job, its result and the memory of its frame are kept. */
  readonly keepMs: number;
  /** How long a job waits for room on a full disk before it is tried again, ms. */
  readonly fullDiskMs: number;
};

/** Why stored keys could not be loaded: they are no keys, or their file is damaged or gone. */
export type KeyFault = 'evaluation-key-invalid' | 'evaluation-key-missing';

/** What the coordinator puts together. Each part says what another implementation of it must guarantee. */
export type JobParts = {
  readonly records: RecordStore;
  readonly inputs: FrameStore;
  readonly results: FrameStore;
  /** Inputs that ended the process or worker that computed on them, for whoever looks into it. */
  readonly quarantine: FrameStore;
  readonly queue: JobQueue;
  readonly watchers: Watchers;
  readonly executor: Executor;
  readonly clock: Clock;
  /** Hears of stored keys that could not be loaded. */
  readonly keyFailed: (key: KeyId, code: KeyFault) => Promise<void>;
  readonly limits: JobLimits;
  readonly log: Log;
};

/** An input frame that was checked, and what it is for. */
export type Submission = {
  readonly tenant: Tenant;
  readonly bundle: BundleId;
  readonly key: KeyId;
  readonly input: Digest;
  readonly frame: Uint8Array;
};
