import { CxrError } from '../../contract/errors.ts';
import type { Digest } from '../../contract/ids/digest.ts';
import type { JobId } from '../../contract/ids/job-id.ts';
import type { KeyId } from '../../contract/ids/key-id.ts';
import type { JobState } from '../../contract/protocol.ts';
import type { Clock } from '../store/service-clock.ts';
import type { Tenant } from '../tenants/tenant.ts';
import type { Execution } from './executor.ts';
import type { JobRecord } from './job-record.ts';

/** A job that is remembered: its record as stored, its state as seen now, and its execution while it runs. */
export type LiveJob = {
  record: JobRecord;
  state: JobState;
  execution: Execution | null;
  /** It was running when an earlier process ended, so nothing else runs beside it: the others are not to pay for it. */
  alone: boolean;
  /** It was taken from the queue and does not run yet. */
  isBeginning: boolean;
  /** Its records are stored one after the other. */
  saving: Promise<unknown>;
};

/** Tells whether a job is done, failed or cancelled. */
export const isEnded = (state: JobState): boolean => state.kind !== 'queued' && state.kind !== 'running';

/** Tells whether a job takes a place among those that wait. */
export const isWaiting = ({ state, isBeginning }: LiveJob): boolean =>
  state.kind === 'queued' && !isBeginning;

/** What tells one accepted frame from another: the same bytes of two tenants are two. */
export type Accepted = Pick<JobRecord, 'tenant' | 'input'>;
const nameOf = ({ tenant, input }: Accepted): string => `${tenant} ${input}`;

/** The jobs that are remembered, by id and by the frame that each accepted, in the order of acceptance. */
export class JobTable {
  readonly #keepMs: number;
  readonly #jobs = new Map<JobId, LiveJob>();
  readonly #clock: Clock;
  /** By tenant and input. */
  readonly #accepted = new Map<string, JobId>();

  /** @param keepMs  how long a job is remembered after it ended. */
  constructor(keepMs: number, clock: Clock) {
    this.#keepMs = keepMs;
    this.#clock = clock;
  }

  add(record: JobRecord): LiveJob {
    const state: JobState = record.ended?.state ?? { kind: 'queued', ahead: 0 };
    const job = {
      record,
      state,
      execution: null,
      alone: false,
      isBeginning: false,
      saving: Promise.resolve(),
    };
    this.#jobs.set(record.id, job);
    this.#accepted.set(nameOf(record), record.id);
    return job;
  }

  get(id: JobId): LiveJob | undefined {
    return this.#jobs.get(id);
  }

  /** @throws CxrError `job-unknown`, also for a job of another tenant, and for one whose time is over. */
  find(tenant: Tenant, id: JobId): LiveJob {
    const job = this.#jobs.get(id);
    if (job === undefined || job.record.tenant !== tenant || this.#isOver(job, this.#clock.now()))
      throw new CxrError('job-unknown', { job: id });
    return job;
  }

  /** The job that accepted this frame. It stays known a little longer than its job: see `release`. */
  acceptedBefore(accepted: Accepted): JobId | undefined {
    return this.#accepted.get(nameOf(accepted));
  }

  all(): readonly LiveJob[] {
    return [...this.#jobs.values()];
  }

  /** Ended jobs whose time is over. */
  expired(now: number): readonly LiveJob[] {
    return this.all().filter((job) => this.#isOver(job, now));
  }

  /** The oldest ended jobs that must go so that no more than `most` jobs stay, as far as ended ones suffice. */
  surplus(most: number): readonly LiveJob[] {
    const ended = this.all().filter((job) => job.record.ended !== null);
    return ended.slice(0, Math.max(0, this.#jobs.size - most));
  }

  /** Whether a job still needs this frame: two tenants may have sent the same, and have the same result. */
  needs(frame: Digest): boolean {
    return this.all().some(({ record }) =>
      record.ended === null ? record.input === frame : record.ended.result === frame,
    );
  }

  usesKey(key: KeyId): boolean {
    return this.all().some((job) => job.record.key === key && !isEnded(job.state));
  }

  /** Forgets a job, but not yet the frame that it accepted. */
  remove(id: JobId): void {
    this.#jobs.delete(id);
  }

  /** Forgets the frame that a removed job accepted: from now on the same frame makes a new job. */
  release(record: JobRecord): void {
    if (this.#accepted.get(nameOf(record)) === record.id) this.#accepted.delete(nameOf(record));
  }

  #isOver({ record }: LiveJob, now: number): boolean {
    return record.ended !== null && record.ended.at + this.#keepMs <= now;
  }
}
