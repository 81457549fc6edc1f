import { unreachable } from '../../contract/check.ts';
import { CxrError, type ErrorCode } from '../../contract/errors.ts';
import type { JobId } from '../../contract/ids/job-id.ts';
import type { KeyId } from '../../contract/ids/key-id.ts';
import type { Job, JobState } from '../../contract/protocol.ts';
import type { Tenant } from '../tenants/tenant.ts';
import { JobChanges } from './job-changes.ts';
import { readResult, removeStrayFrames } from './job-frames.ts';
import { jobIdOf } from './job-id.ts';
import type { JobLimits, JobParts, Submission } from './job-parts.ts';
import { JobRunner } from './job-runner.ts';
import { type Accepted, isEnded, isWaiting, JobTable, type LiveJob } from './job-table.ts';
import { mayQueue } from './queue-share.ts';

/** Failures that are no fault of the frame: when it comes again, it is computed again. */
const worthAgain: ReadonlySet<ErrorCode> = new Set([
  'bundle-digest',
  'bundle-missing',
  'bundle-unknown',
  'internal',
]);

/**
 * Jobs from acceptance to expiry: queued → running → done | failed | cancelled. What a restart needs is stored before
 * a job is acknowledged: first the input, then the record, because a record without input is a job that cannot run.
 *
 * A job whose input, keys or result turn out to be damaged is forgotten. Its client is told that it is unknown, sends
 * the same frame again and gets the same job, computed anew.
 */
export class Jobs {
  readonly #parts: JobParts;
  readonly #jobs: JobTable;
  readonly #sweep: NodeJS.Timeout;
  readonly #changes: JobChanges;
  readonly #runner: JobRunner;

  private constructor(parts: JobParts) {
    this.#parts = parts;
    const { keepMs } = parts.limits;
    this.#jobs = new JobTable(keepMs, parts.clock);
    this.#changes = new JobChanges(parts, this.#jobs);
    this.#runner = new JobRunner(parts, this.#jobs, this.#changes);
    this.#sweep = setInterval(() => void this.expire(), Math.min(60_000, Math.max(50, keepMs / 4)));
    this.#sweep.unref();
  }

  /** Goes on where an earlier run ended: ended jobs are served until they expire, all others are queued again. */
  static async open(parts: JobParts): Promise<Jobs> {
    const jobs = new Jobs(parts);
    for (const record of await parts.records.list()) jobs.#jobs.add(record);
    await removeStrayFrames(
      parts,
      jobs.#jobs.all().map(({ record }) => record),
    );
    for (const job of jobs.#jobs.all()) await jobs.#resume(job);
    await jobs.expire();
    jobs.#runner.startNext();
    return jobs;
  }

  /** False once it is asked to stop. */
  get isAccepting(): boolean {
    return !this.#runner.isClosing;
  }
  get limits(): JobLimits {
    return this.#parts.limits;
  }

  /** The job that accepted this very frame before, if it is still remembered and not worth another try. */
  acceptedBefore(accepted: Accepted): JobId | undefined {
    const id = this.#jobs.acceptedBefore(accepted);
    const state = id === undefined ? undefined : this.#jobs.get(id)?.state;
    return state?.kind === 'failed' && worthAgain.has(state.code) ? undefined : id;
  }

  /** How many jobs wait and run, and how long the first of those that wait has waited, ms. */
  get load(): { readonly queued: number; readonly running: number; readonly oldestMs: number } {
    const jobs = this.#jobs.all();
    const waiting = jobs.filter(isWaiting).map(({ record }) => record.acceptedAt);
    const now = this.#parts.clock.now();
    const running = jobs.filter(({ state }) => state.kind === 'running').length;
    return { queued: waiting.length, running, oldestMs: now - Math.min(now, ...waiting) };
  }

  /** Waits until the job of this frame is gone, where it is just being forgotten. */
  async forgotten({ tenant, input }: Accepted): Promise<void> {
    await this.#changes.forgotten(jobIdOf(tenant, input));
  }

  /** Whether a queued or running job needs these evaluation keys. */
  usesKey(key: KeyId): boolean {
    return this.#jobs.usesKey(key);
  }

  /**
   * Accepts an input frame. Its id follows from tenant and frame.
   *
   * @throws CxrError `queue-full`, `storage-full`.
   */
  async accept({ frame, ...subject }: Submission): Promise<Job> {
    const { inputs, queue, limits, clock, log } = this.#parts;
    const waiting = this.#jobs.all().filter(isWaiting);
    const clients = waiting.map(({ record }) => record);
    if (this.#runner.isClosing || !mayQueue(subject, clients, limits.queued)) {
      throw new CxrError('queue-full', { got: waiting.length, expected: limits.queued });
    }
    const id = jobIdOf(subject.tenant, subject.input);
    // Remembered before it is stored: the same frame may arrive again meanwhile.
    const acceptedAt = clock.now();
    const job = this.#jobs.add({
      format: 'cipherfilm-job/1',
      ...{ id, ...subject, acceptedAt, attempts: 0, ended: null },
    });
    try {
      await inputs.put(frame);
      await this.#changes.save(job, job.record);
    } catch (error) {
      await this.#changes.forget(job);
      throw error;
    }
    const { key, bundle } = subject;
    log('job', { jobId: id, keyId: key, bundle, state: 'queued', bytes: frame.length });
    // The answer to the same frame names the job, so it may have been cancelled already.
    if (job.state.kind === 'queued') await queue.add(id, subject);
    for (const surplus of this.#jobs.surplus(limits.records)) await this.#changes.forget(surplus);
    const accepted: Job = { id, state: await this.state(subject.tenant, id) };
    this.#runner.startNext();
    return accepted;
  }

  /** @throws CxrError `job-unknown`, also for expired jobs. */
  async state(tenant: Tenant, id: JobId): Promise<JobState> {
    const job = this.#jobs.find(tenant, id);
    if (job.state.kind !== 'queued') return job.state;
    const ahead = await this.#parts.queue.ahead(id);
    return job.state.kind === 'queued' ? { kind: 'queued', ahead } : job.state;
  }

  /** The state after it changed or progress was made, or after `waitMs`; at once for an ended job. */
  async watch(tenant: Tenant, id: JobId, waitMs: number, signal: AbortSignal): Promise<JobState> {
    const job = this.#jobs.find(tenant, id);
    if (!isEnded(job.state) && !this.#runner.isClosing) await this.#parts.watchers.wait(id, waitMs, signal);
    return this.state(tenant, id);
  }

  /**
   * The result frame of a job that is done.
   *
   * @throws CxrError `job-unknown`, also for a result that is damaged; `job-not-ready`, `job-cancelled`, `job-failed`.
   */
  async result(tenant: Tenant, id: JobId): Promise<Uint8Array> {
    const job = this.#jobs.find(tenant, id);
    const { state } = job;
    switch (state.kind) {
      case 'done':
        return (await readResult(this.#parts, job.record)) ?? (await this.#changes.lose(job, 'result'));
      case 'cancelled':
        throw new CxrError('job-cancelled', { job: id });
      case 'failed':
        throw new CxrError('job-failed', { job: id, reason: state.code });
      case 'queued':
      case 'running':
        throw new CxrError('job-not-ready', { job: id, state: state.kind });
      default:
        return unreachable(state);
    }
  }

  /** Cancels a queued or running job; an ended one stays as it is. */
  async cancel(tenant: Tenant, id: JobId): Promise<void> {
    const job = this.#jobs.find(tenant, id);
    if (isEnded(job.state)) return;
    const ending = this.#changes.end(job, { kind: 'cancelled' });
    job.execution?.cancel();
    await this.#parts.queue.remove(id);
    await ending;
  }

  /** Forgets ended jobs, results and accepted frames whose time is over. */
  async expire(now = this.#parts.clock.now()): Promise<void> {
    for (const job of this.#jobs.expired(now)) await this.#changes.forget(job);
  }

  /**
   * Accepts and starts no more jobs, and lets those that run end for a while. All others are queued again by the next
   * start.
   *
   * @param drainMs  how long running jobs may take; 0 stops them at once.
   */
  async close(drainMs = 0): Promise<void> {
    clearInterval(this.#sweep);
    const closing = this.#runner.close(drainMs);
    if (drainMs === 0) this.#parts.watchers.wakeAll();
    await closing;
    this.#parts.watchers.wakeAll();
  }

  /** Queues a job of an earlier run again. */
  async #resume(job: LiveJob): Promise<void> {
    const { id, input, ended, attempts } = job.record;
    const { inputs, results, queue } = this.#parts;
    if (ended !== null) {
      const isLost = ended.result !== null && !(await results.has(ended.result));
      if (isLost) await this.#changes.lose(job, 'result').catch(() => {});
      return;
    }
    job.alone = attempts > 0;
    if (await inputs.has(input)) await queue.add(id, job.record);
    else await this.#changes.lose(job, 'input').catch(() => {});
  }
}
