import { randomBytes } from 'node:crypto';
import { unreachable } from '../../contract/check.ts';
import { CxrError } from '../../contract/errors.ts';
import type { BundleId } from '../../contract/ids/bundle-id.ts';
import type { Digest } from '../../contract/ids/digest.ts';
import { type JobId, parseJobId } from '../../contract/ids/job-id.ts';
import type { KeyId } from '../../contract/ids/key-id.ts';
import type { Job, JobState } from '../../contract/protocol.ts';
import type { Log } from '../observe/log.ts';
import { JobFiles } from './job-files.ts';
import type { Execution, Executor, JobRecord, Outcome } from './job-record.ts';

export type JobLimits = {
  /** Jobs that may wait; running ones are not counted. */
  readonly queued: number;
  /** Records kept in all; beyond it the oldest ended jobs are forgotten early. */
  readonly records: number;
  /** How long an ended job, its result and the memory of its frame are kept. */
  readonly keepMs: number;
};

/** Loading another client's keys takes a good part of an evaluation: so many jobs may go first to save it. */
const mostPassed = 3;

type LiveJob = {
  record: JobRecord;
  state: JobState;
  execution: Execution | null;
  readonly watchers: Set<() => void>;
};

/**
 * Jobs from acceptance to expiry: queued → running → done | failed | cancelled. Everything a restart needs is on
 * disk before a job is acknowledged.
 */
export class Jobs {
  readonly #files: JobFiles;
  readonly #executor: Executor;
  readonly #limits: JobLimits;
  readonly #log: Log;
  readonly #jobs = new Map<JobId, LiveJob>();
  readonly #accepted = new Map<Digest, JobId>();
  #queue: JobId[] = [];
  /** Jobs started since the oldest of the queue could have been. */
  #passed = 0;
  #closing = false;
  readonly #sweep: NodeJS.Timeout;

  private constructor(files: JobFiles, executor: Executor, limits: JobLimits, log: Log) {
    this.#files = files;
    this.#executor = executor;
    this.#limits = limits;
    this.#log = log;
    this.#sweep = setInterval(() => void this.expire(), Math.min(60_000, Math.max(50, limits.keepMs / 4)));
    this.#sweep.unref();
  }

  /** Opens the folder of an earlier run: ended jobs are served until they expire, all others are queued again. */
  static async open(folder: string, executor: Executor, limits: JobLimits, log: Log): Promise<Jobs> {
    const files = await JobFiles.open(folder);
    const jobs = new Jobs(files, executor, limits, log);
    for (const record of await files.load()) jobs.#adopt(record);
    await jobs.expire();
    jobs.#startNext();
    return jobs;
  }

  get limits(): JobLimits {
    return this.#limits;
  }

  /** A client has asked for a bundle: its first job will come, once it has made its keys. */
  prepare(bundle: BundleId): void {
    this.#executor.prepare(bundle);
  }

  /** The job that accepted this very frame before, if it is still remembered. */
  acceptedBefore(input: Digest): JobId | undefined {
    return this.#accepted.get(input);
  }

  /** Whether a queued or running job needs these evaluation keys. */
  usesKey(key: KeyId): boolean {
    return [...this.#jobs.values()].some((job) => job.record.key === key && !isEnded(job.state));
  }

  /**
   * Accepts an input frame.
   *
   * @throws CxrError `queue-full`.
   */
  async accept(bundle: BundleId, key: KeyId, input: Digest, frame: Uint8Array): Promise<Job> {
    const waiting = [...this.#jobs.values()].filter((job) => job.state.kind === 'queued').length;
    if (waiting >= this.#limits.queued || this.#closing) {
      throw new CxrError('queue-full', { got: waiting, expected: this.#limits.queued });
    }
    const id = parseJobId(randomBytes(16).toString('hex'));
    const record: JobRecord = {
      format: 'cipherfilm-job/1',
      ...{ id, bundle, key, input },
      acceptedAt: Date.now(),
      ended: null,
    };
    this.#adopt(record, 'not yet written');
    try {
      await this.#files.create(record, frame);
    } catch (error) {
      await this.#forget(id);
      throw error;
    }
    this.#log('job', { jobId: id, keyId: key, bundle, state: 'queued', bytes: frame.length });
    if (this.#find(id).state.kind === 'queued') this.#queue.push(id);
    await this.#forgetSurplus();
    const accepted: Job = { id, state: this.state(id) };
    this.#startNext();
    return accepted;
  }

  /** @throws CxrError `job-unknown`, also for expired jobs. */
  state(id: JobId): JobState {
    const job = this.#find(id);
    if (job.state.kind !== 'queued') return job.state;
    const position = this.#queue.indexOf(id);
    return { kind: 'queued', ahead: position < 0 ? this.#queue.length : position };
  }

  /** The state after it changed or progress was made, or after `waitMs`; at once for an ended job. */
  async watch(id: JobId, waitMs: number, signal: AbortSignal): Promise<JobState> {
    const job = this.#find(id);
    if (waitMs > 0 && !isEnded(job.state) && !this.#closing && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, waitMs);
      job.watchers.add(resolve);
      signal.addEventListener('abort', () => resolve(), { once: true });
      await promise;
      clearTimeout(timer);
      job.watchers.delete(resolve);
    }
    return this.state(id);
  }

  /** @throws CxrError `job-unknown`, `job-not-ready`, `job-cancelled`, or the code with which the job failed. */
  async result(id: JobId): Promise<Uint8Array> {
    const { state } = this.#find(id);
    switch (state.kind) {
      case 'done':
        return this.#files.readResult(id);
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
    const job = this.#find(id);
    if (isEnded(job.state)) return;
    this.#queue = this.#queue.filter((queued) => queued !== id);
    job.execution?.cancel();
    await this.#end(job, { kind: 'cancelled' });
  }

  /** Forgets ended jobs, results and accepted frames whose time is over. */
  async expire(now = Date.now()): Promise<void> {
    for (const [id, { record }] of this.#jobs) {
      if (record.ended !== null && record.ended.at + this.#limits.keepMs <= now) await this.#forget(id);
    }
  }

  /** Stops without ending jobs: those under way are queued again by the next start. */
  async close(): Promise<void> {
    this.#closing = true;
    clearInterval(this.#sweep);
    for (const job of this.#jobs.values()) notify(job);
    await this.#executor.close();
  }

  #adopt(record: JobRecord, written: 'written' | 'not yet written' = 'written'): void {
    const state: JobState = record.ended?.state ?? { kind: 'queued', ahead: 0 };
    const job: LiveJob = { record, state, execution: null, watchers: new Set() };
    this.#jobs.set(record.id, job);
    this.#accepted.set(record.input, record.id);
    if (record.ended !== null || written === 'not yet written') return;
    if (this.#files.hasInput(record.id)) this.#queue.push(record.id);
    else void this.#end(job, { kind: 'failed', code: 'job-failed' });
  }

  #find(id: JobId): LiveJob {
    const job = this.#jobs.get(id);
    const endedAt = job?.record.ended?.at ?? Number.POSITIVE_INFINITY;
    if (job === undefined || endedAt + this.#limits.keepMs <= Date.now()) {
      throw new CxrError('job-unknown', { job: id });
    }
    return job;
  }

  #startNext(): void {
    while (!this.#closing && this.#executor.free > 0) {
      const id = this.#takeNext();
      if (id === undefined) return;
      void this.#run(this.#find(id));
    }
  }

  /** The oldest job; but one whose keys are loaded may pass it, a few times. */
  #takeNext(): JobId | undefined {
    const ready = this.#queue.findIndex((id) => this.#executor.hasReady(this.#find(id).record.key));
    const mayPass = ready > 0 && this.#passed < mostPassed;
    this.#passed = mayPass ? this.#passed + 1 : 0;
    return this.#queue.splice(mayPass ? ready : 0, 1)[0];
  }

  async #run(job: LiveJob): Promise<void> {
    const { id, bundle, key } = job.record;
    this.#move(job, { kind: 'running', fraction: 0, layer: '' });
    job.execution = this.#executor.start(
      { id, bundle, key, inputFile: this.#files.inputOf(id) },
      (fraction, layer) => {
        if (job.state.kind === 'running') {
          job.state = {
            kind: 'running',
            fraction: Math.min(1, Math.max(0, fraction)),
            layer: layer.slice(0, 64),
          };
          notify(job);
        }
      },
    );
    const outcome = await job.execution.outcome;
    job.execution = null;
    if (!this.#closing && !isEnded(job.state)) await this.#settle(job, outcome);
    this.#startNext();
  }

  async #settle(job: LiveJob, outcome: Outcome): Promise<void> {
    if (outcome.kind !== 'done') return this.#end(job, outcome);
    try {
      await this.#files.saveResult(job.record.id, outcome.frame);
    } catch {
      return this.#end(job, { kind: 'failed', code: 'internal' });
    }
    if (isEnded(job.state)) return;
    const { evaluateMs, cost } = outcome;
    await this.#end(job, { kind: 'done', resultBytes: outcome.frame.length, evaluateMs, cost });
  }

  /** The record first, then the state: what a client has seen survives a restart. A cancelled job is seen at once. */
  async #end(job: LiveJob, state: JobState): Promise<void> {
    const record: JobRecord = { ...job.record, ended: { at: Date.now(), state } };
    if (state.kind === 'cancelled') this.#move(job, state);
    await this.#files.save(record).catch(() => {});
    if (isEnded(job.state) && job.state.kind !== state.kind) return;
    job.record = record;
    if (state.kind !== 'cancelled') this.#move(job, state);
    await this.#files.removeInput(record.id).catch(() => {});
  }

  #move(job: LiveJob, state: JobState): void {
    job.state = state;
    const code = state.kind === 'failed' ? { code: state.code } : {};
    const ms = state.kind === 'done' ? { ms: Math.round(state.evaluateMs) } : {};
    this.#log('job', { jobId: job.record.id, state: state.kind, ...code, ...ms });
    notify(job);
  }

  async #forget(id: JobId): Promise<void> {
    const job = this.#jobs.get(id);
    if (job === undefined) return;
    this.#jobs.delete(id);
    if (this.#accepted.get(job.record.input) === id) this.#accepted.delete(job.record.input);
    notify(job);
    await this.#files.remove(id).catch(() => {});
  }

  async #forgetSurplus(): Promise<void> {
    const ended = [...this.#jobs.values()].filter((job) => job.record.ended !== null);
    for (const job of ended.slice(0, Math.max(0, this.#jobs.size - this.#limits.records))) {
      await this.#forget(job.record.id);
    }
  }
}

const isEnded = (state: JobState): boolean => state.kind !== 'queued' && state.kind !== 'running';

function notify(job: LiveJob): void {
  for (const wake of job.watchers) wake();
  job.watchers.clear();
}
