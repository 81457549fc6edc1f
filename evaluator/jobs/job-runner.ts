import { setTimeout as sleep } from 'node:timers/promises';
import type { ErrorCode } from '../../contract/errors.ts';
import type { Outcome } from './executor.ts';
import type { JobChanges } from './job-changes.ts';
import { quarantineInput } from './job-frames.ts';
import type { JobParts } from './job-parts.ts';
import { isEnded, type JobTable, type LiveJob } from './job-table.ts';

/** A job that is begun so often is not begun again. */
const mostAttempts = 3;

/** Takes waiting jobs out of the queue, has them executed, and decides what becomes of each. */
export class JobRunner {
  readonly #parts: JobParts;
  readonly #jobs: JobTable;
  readonly #changes: JobChanges;
  /** Jobs are started one after the other, so that `free` is looked at again after each. */
  #starting: Promise<void> = Promise.resolve();
  readonly #running = new Set<Promise<void>>();
  #closing = false;
  #closed = false;

  constructor(parts: JobParts, jobs: JobTable, changes: JobChanges) {
    this.#parts = parts;
    this.#jobs = jobs;
    this.#changes = changes;
  }

  get isClosing(): boolean {
    return this.#closing;
  }

  /** Starts no more jobs, waits for those that run, and stops what still runs when the time is over. */
  async close(drainMs: number): Promise<void> {
    this.#closing = true;
    const patience = new AbortController();
    const over = sleep(drainMs, undefined, { signal: patience.signal }).catch(() => {});
    await Promise.race([Promise.all(this.#running), over]);
    patience.abort();
    this.#closed = true;
    await this.#parts.executor.close();
    // An end that was asked for is no fault of the jobs that were running.
    for (const job of this.#jobs.all())
      if (job.state.kind === 'running')
        await this.#changes.save(job, { ...job.record, attempts: job.record.attempts - 1 }).catch(() => {});
  }

  /** A queue that cannot be reached keeps its jobs, and is asked again at the next acceptance or end of a job. */
  startNext(): void {
    this.#starting = this.#starting.then(() => this.#startFree()).catch(() => {});
  }

  async #startFree(): Promise<void> {
    const { executor, queue } = this.#parts;
    while (!this.#closing && executor.free > 0) {
      const id = await queue.take((key) => executor.hasReady(key));
      if (id === undefined) return;
      const job = this.#jobs.get(id);
      if (job === undefined || !(await this.#mayBegin(job))) continue;
      if (job.alone) await Promise.all(this.#running);
      if (this.#closing || job.state.kind !== 'queued') continue;
      const running = this.#run(job).finally(() => this.#running.delete(running));
      this.#running.add(running);
      if (job.alone) await running;
    }
  }

  /** Counts the attempt before it is made, so that one which ends this process counts too. */
  async #mayBegin(job: LiveJob): Promise<boolean> {
    if (this.#closing || job.state.kind !== 'queued') return false;
    job.isBeginning = true;
    if (job.record.attempts >= mostAttempts) {
      await this.#giveUp(job);
      return false;
    }
    try {
      await this.#changes.save(job, { ...job.record, attempts: job.record.attempts + 1 });
      return true;
    } catch {
      this.#tryLater(job);
      return false;
    }
  }

  async #giveUp(job: LiveJob): Promise<void> {
    await quarantineInput(this.#parts, job.record).catch(() => {});
    await this.#changes.end(job, { kind: 'failed', code: 'job-failed' });
  }

  /** The disk is full. The job waits, and this was no attempt. */
  #tryLater(job: LiveJob): void {
    const { limits, queue } = this.#parts;
    job.record = { ...job.record, attempts: Math.max(0, job.record.attempts - 1) };
    job.isBeginning = false;
    this.#changes.move(job, { kind: 'queued', ahead: 0 });
    const { id, key, tenant } = job.record;
    setTimeout(async () => {
      if (this.#closing || job.state.kind !== 'queued') return;
      await queue.add(id, { tenant, key });
      this.startNext();
    }, limits.fullDiskMs).unref();
  }

  async #run(job: LiveJob): Promise<void> {
    const { id, bundle, key, input } = job.record;
    this.#changes.move(job, { kind: 'running', fraction: 0, layer: '' });
    const task = { id, bundle, key, input };
    job.execution = this.#parts.executor.start(task, (fraction, layer) => {
      if (job.state.kind !== 'running') return;
      const within = Math.min(1, Math.max(0, fraction));
      job.state = { kind: 'running', fraction: within, layer: layer.slice(0, 64) };
      this.#parts.watchers.wake(id);
    });
    const outcome = await job.execution.outcome;
    job.execution = null;
    if (!this.#closed) await this.#settle(job, outcome);
    this.startNext();
  }

  async #settle(job: LiveJob, outcome: Outcome): Promise<void> {
    if (outcome.kind === 'lost') return isEnded(job.state) ? undefined : await this.#beginAgain(job);
    if (outcome.kind === 'failed') return await this.#fail(job, outcome.code);
    if (outcome.kind === 'cancelled') {
      if (!isEnded(job.state)) await this.#changes.end(job, outcome);
      return;
    }
    const { result, resultBytes, evaluateMs, cost } = outcome;
    if (!isEnded(job.state))
      await this.#changes.end(job, { kind: 'done', resultBytes, evaluateMs, cost }, result);
    // Cancelled while its result was stored: nobody will ask for it, unless the same frame was accepted anew.
    const owner = this.#jobs.acceptedBefore(job.record) ?? job.record.id;
    if (owner === job.record.id && job.record.ended?.result !== result)
      await this.#changes.removeUnneeded(this.#parts.results, result);
  }

  async #beginAgain(job: LiveJob): Promise<void> {
    if (job.record.attempts >= mostAttempts) return await this.#giveUp(job);
    job.isBeginning = false;
    this.#changes.move(job, { kind: 'queued', ahead: 0 });
    await this.#parts.queue.add(job.record.id, job.record);
  }

  async #fail(job: LiveJob, code: ErrorCode): Promise<void> {
    const isMissing = code === 'evaluation-key-missing';
    if (isMissing || code === 'evaluation-key-invalid')
      await this.#parts.keyFailed(job.record.key, code).catch(() => {});
    if (isEnded(job.state)) return;
    if (code === 'storage-full') return this.#tryLater(job);
    if (code === 'bundle-digest') this.#parts.log('damaged', { kind: 'model', bundle: job.record.bundle });
    // The frame was whole when it was accepted.
    if (isMissing || code.startsWith('frame-'))
      await this.#changes.lose(job, isMissing ? 'evaluation keys' : 'input').catch(() => {});
    else await this.#changes.end(job, { kind: 'failed', code });
  }
}
