import { randomBytes } from 'node:crypto';
import { unreachable } from '../../contract/check.ts';
import { CxrError, type ErrorCode } from '../../contract/errors.ts';
import type { BundleId } from '../../contract/ids/bundle-id.ts';
import type { Digest } from '../../contract/ids/digest.ts';
import { type JobId, parseJobId } from '../../contract/ids/job-id.ts';
import type { KeyId } from '../../contract/ids/key-id.ts';
import type { Job, JobState } from '../../contract/protocol.ts';
import type { Log } from '../observe/log.ts';
import type { FrameStore } from '../store/frame-store.ts';
import type { Executor, Outcome } from './executor.ts';
import type { JobQueue } from './job-queue.ts';
import type { JobRecord } from './job-record.ts';
import { isEnded, JobTable, type LiveJob } from './job-table.ts';
import type { RecordStore } from './record-store.ts';
import type { Watchers } from './watchers.ts';

export type JobLimits = {
  /** Jobs that may wait; running ones are not counted. */
  readonly queued: number;
  /** Records kept in all; beyond it the oldest ended jobs are forgotten early. */
  readonly records: number;
  /** How long an ended job, its result and the memory of its frame are kept. */
  readonly keepMs: number;
};

/** Why stored keys could not be loaded: they are no keys, or their file is damaged or gone. */
export type KeyFault = 'evaluation-key-invalid' | 'evaluation-key-missing';

/** What the coordinator puts together. Each part says what another implementation of it must guarantee. */
export type JobParts = {
  readonly records: RecordStore;
  readonly inputs: FrameStore;
  readonly results: FrameStore;
  readonly queue: JobQueue;
  readonly watchers: Watchers;
  readonly executor: Executor;
  /** Hears of stored keys that could not be loaded. */
  readonly keyFailed: (key: KeyId, code: KeyFault) => Promise<void>;
  readonly limits: JobLimits;
  readonly log: Log;
};

/**
 * Jobs from acceptance to expiry: queued → running → done | failed | cancelled. What a restart needs is stored before
 * a job is acknowledged: first the input, then the record, because a record without input is a job that cannot run.
 */
export class Jobs {
  readonly #parts: JobParts;
  readonly #jobs: JobTable;
  readonly #sweep: NodeJS.Timeout;
  /** Jobs are started one after the other, so that `free` is looked at again after each. */
  #starting: Promise<void> = Promise.resolve();
  #closing = false;

  private constructor(parts: JobParts) {
    this.#parts = parts;
    const { keepMs } = parts.limits;
    this.#jobs = new JobTable(keepMs);
    this.#sweep = setInterval(() => void this.expire(), Math.min(60_000, Math.max(50, keepMs / 4)));
    this.#sweep.unref();
  }

  /** Goes on where an earlier run ended: ended jobs are served until they expire, all others are queued again. */
  static async open(parts: JobParts): Promise<Jobs> {
    const jobs = new Jobs(parts);
    for (const record of await parts.records.list()) jobs.#jobs.add(record);
    await jobs.#removeStrayFrames();
    for (const job of jobs.#jobs.all()) await jobs.#resume(job);
    await jobs.expire();
    jobs.#startNext();
    return jobs;
  }

  get limits(): JobLimits {
    return this.#parts.limits;
  }

  /** The job that accepted this very frame before, if it is still remembered. */
  acceptedBefore(input: Digest): JobId | undefined {
    return this.#jobs.acceptedBefore(input);
  }

  /** Whether a queued or running job needs these evaluation keys. */
  usesKey(key: KeyId): boolean {
    return this.#jobs.usesKey(key);
  }

  /**
   * Accepts an input frame.
   *
   * @throws CxrError `queue-full`.
   */
  async accept(bundle: BundleId, key: KeyId, input: Digest, frame: Uint8Array): Promise<Job> {
    const { inputs, records, queue, limits, log } = this.#parts;
    const waiting = this.#jobs.all().filter((job) => job.state.kind === 'queued').length;
    if (waiting >= limits.queued || this.#closing) {
      throw new CxrError('queue-full', { got: waiting, expected: limits.queued });
    }
    const id = parseJobId(randomBytes(16).toString('hex'));
    const subject = { id, bundle, key, input };
    // Remembered before it is stored: the same frame may arrive again meanwhile.
    const job = this.#jobs.add({
      format: 'cipherfilm-job/1',
      ...subject,
      acceptedAt: Date.now(),
      ended: null,
    });
    try {
      await inputs.put(frame);
      await records.save(job.record);
    } catch (error) {
      await this.#forget(job);
      throw error;
    }
    log('job', { jobId: id, keyId: key, bundle, state: 'queued', bytes: frame.length });
    // The answer to the same frame names the job, so it may have been cancelled already.
    if (job.state.kind === 'queued') await queue.add(id, key);
    for (const surplus of this.#jobs.surplus(limits.records)) await this.#forget(surplus);
    const accepted: Job = { id, state: await this.state(id) };
    this.#startNext();
    return accepted;
  }

  /** @throws CxrError `job-unknown`, also for expired jobs. */
  async state(id: JobId): Promise<JobState> {
    const job = this.#jobs.find(id);
    if (job.state.kind !== 'queued') return job.state;
    const ahead = await this.#parts.queue.ahead(id);
    return job.state.kind === 'queued' ? { kind: 'queued', ahead } : job.state;
  }

  /** The state after it changed or progress was made, or after `waitMs`; at once for an ended job. */
  async watch(id: JobId, waitMs: number, signal: AbortSignal): Promise<JobState> {
    const job = this.#jobs.find(id);
    if (!isEnded(job.state) && !this.#closing) await this.#parts.watchers.wait(id, waitMs, signal);
    return this.state(id);
  }

  /** @throws CxrError `job-unknown`, `job-not-ready`, `job-cancelled`, or the code with which the job failed. */
  async result(id: JobId): Promise<Uint8Array> {
    const { state, record } = this.#jobs.find(id);
    switch (state.kind) {
      case 'done':
        return await this.#readResult(record);
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
  async cancel(id: JobId): Promise<void> {
    const job = this.#jobs.find(id);
    if (isEnded(job.state)) return;
    const ending = this.#end(job, { kind: 'cancelled' });
    job.execution?.cancel();
    await this.#parts.queue.remove(id);
    await ending;
  }

  /** Forgets ended jobs, results and accepted frames whose time is over. */
  async expire(now = Date.now()): Promise<void> {
    for (const job of this.#jobs.expired(now)) await this.#forget(job);
  }

  /** Stops without ending jobs: those under way are queued again by the next start. */
  async close(): Promise<void> {
    this.#closing = true;
    clearInterval(this.#sweep);
    this.#parts.watchers.wakeAll();
    await this.#parts.executor.close();
  }

  /** Queues a job of an earlier run again. */
  async #resume(job: LiveJob): Promise<void> {
    const { id, key, input, ended } = job.record;
    if (ended !== null) return;
    if (await this.#parts.inputs.has(input)) await this.#parts.queue.add(id, key);
    else await this.#end(job, { kind: 'failed', code: 'job-failed' });
  }

  /** A crash leaves frames whose record was not written yet, or whose record is gone. */
  async #removeStrayFrames(): Promise<void> {
    const { inputs, results } = this.#parts;
    const records = this.#jobs.all().map((job) => job.record);
    const wanted = new Set(records.map(({ ended, input }) => (ended === null ? input : ended.result)));
    for (const store of [inputs, results]) {
      for (const { digest } of await store.list()) if (!wanted.has(digest)) await store.remove(digest);
    }
  }

  async #readResult({ id, ended }: JobRecord): Promise<Uint8Array> {
    const frame = ended?.result ? await this.#parts.results.get(ended.result) : null;
    if (frame === null) throw new CxrError('internal', { job: id, reason: 'result missing' });
    return frame;
  }

  /** A queue that cannot be reached keeps its jobs, and is asked again at the next acceptance or end of a job. */
  #startNext(): void {
    this.#starting = this.#starting.then(() => this.#startFree()).catch(() => {});
  }

  async #startFree(): Promise<void> {
    const { executor, queue } = this.#parts;
    while (!this.#closing && executor.free > 0) {
      const id = await queue.take((key) => executor.hasReady(key));
      if (id === undefined) return;
      const job = this.#jobs.get(id);
      if (!this.#closing && job?.state.kind === 'queued') void this.#run(job);
    }
  }

  async #run(job: LiveJob): Promise<void> {
    const { id, bundle, key, input } = job.record;
    this.#move(job, { kind: 'running', fraction: 0, layer: '' });
    const task = { id, bundle, key, input };
    job.execution = this.#parts.executor.start(task, (fraction, layer) => {
      if (job.state.kind !== 'running') return;
      const within = Math.min(1, Math.max(0, fraction));
      job.state = { kind: 'running', fraction: within, layer: layer.slice(0, 64) };
      this.#parts.watchers.wake(id);
    });
    const outcome = await job.execution.outcome;
    job.execution = null;
    if (!this.#closing) await this.#settle(job, outcome);
    this.#startNext();
  }

  async #settle(job: LiveJob, outcome: Outcome): Promise<void> {
    if (outcome.kind === 'failed') await this.#tellKeyFault(job, outcome.code);
    if (outcome.kind !== 'done') {
      if (!isEnded(job.state)) await this.#end(job, outcome);
      return;
    }
    const { result, resultBytes, evaluateMs, cost } = outcome;
    if (!isEnded(job.state)) await this.#end(job, { kind: 'done', resultBytes, evaluateMs, cost }, result);
    // Cancelled while its result was stored: nobody will ask for it, unless the same frame was accepted anew.
    const owner = this.#jobs.acceptedBefore(job.record.input) ?? job.record.id;
    if (owner === job.record.id && job.record.ended?.result !== result)
      await this.#parts.results.remove(result).catch(() => {});
  }

  async #tellKeyFault({ record }: LiveJob, code: ErrorCode): Promise<void> {
    if (code === 'evaluation-key-invalid' || code === 'evaluation-key-missing')
      await this.#parts.keyFailed(record.key, code).catch(() => {});
  }

  /** The record first, then the state: what a client has seen survives a restart. A cancelled job is seen at once. */
  async #end(job: LiveJob, state: JobState, result: Digest | null = null): Promise<void> {
    const record: JobRecord = { ...job.record, ended: { at: Date.now(), state, result } };
    if (state.kind === 'cancelled') this.#move(job, state);
    await this.#parts.records.save(record).catch(() => {});
    if (isEnded(job.state) && job.state.kind !== state.kind) return;
    job.record = record;
    if (state.kind !== 'cancelled') this.#move(job, state);
    await this.#parts.inputs.remove(record.input).catch(() => {});
  }

  #move(job: LiveJob, state: JobState): void {
    const { id } = job.record;
    job.state = state;
    const code = state.kind === 'failed' ? { code: state.code } : {};
    const ms = state.kind === 'done' ? { ms: Math.round(state.evaluateMs) } : {};
    this.#parts.log('job', { jobId: id, state: state.kind, ...code, ...ms });
    this.#parts.watchers.wake(id);
  }

  /** The digest last: while its frames are being removed, the same frame is not accepted and stored again. */
  async #forget({ record }: LiveJob): Promise<void> {
    const { records, inputs, results, watchers } = this.#parts;
    this.#jobs.remove(record.id);
    watchers.wake(record.id);
    await records.remove(record.id).catch(() => {});
    await inputs.remove(record.input).catch(() => {});
    if (record.ended?.result) await results.remove(record.ended.result).catch(() => {});
    this.#jobs.release(record);
  }
}
