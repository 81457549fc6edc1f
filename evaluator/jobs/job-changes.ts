import { CxrError } from '../../contract/errors.ts';
import type { Digest } from '../../contract/ids/digest.ts';
import type { JobId } from '../../contract/ids/job-id.ts';
import type { JobState } from '../../contract/protocol.ts';
import type { FrameStore } from '../store/frame-store.ts';
import type { JobParts } from './job-parts.ts';
import type { JobRecord } from './job-record.ts';
import { isEnded, type JobTable, type LiveJob } from './job-table.ts';

/** The changes that a job goes through, each with what is stored about it. */
export class JobChanges {
  readonly #parts: JobParts;
  readonly #jobs: JobTable;
  readonly #forgetting = new Map<JobId, Promise<void>>();

  constructor(parts: JobParts, jobs: JobTable) {
    this.#parts = parts;
    this.#jobs = jobs;
  }

  /** Stores a record after those of the same job that are being stored. @throws CxrError `storage-full`. */
  async save(job: LiveJob, record: JobRecord): Promise<void> {
    const saving = job.saving.catch(() => {}).then(() => this.#parts.records.save(record));
    job.saving = saving;
    await saving;
    if (job.record.ended === null) job.record = record;
  }

  /** The record first, then the state: what a client has seen survives a restart. A cancelled job is seen at once. */
  async end(job: LiveJob, state: JobState, result: Digest | null = null): Promise<void> {
    const record: JobRecord = { ...job.record, ended: { at: this.#parts.clock.now(), state, result } };
    if (state.kind === 'cancelled') this.move(job, state);
    const isKept = await this.save(job, record).then(
      () => true,
      () => false,
    );
    if (isEnded(job.state) && job.state.kind !== state.kind) return;
    job.record = record;
    if (state.kind !== 'cancelled') this.move(job, state);
    // Where the end could not be stored, a restart computes the job again and needs its input.
    if (isKept) await this.removeUnneeded(this.#parts.inputs, record.input);
  }

  /** Shows a state to whoever asks or waits. */
  move(job: LiveJob, state: JobState): void {
    const { id } = job.record;
    job.state = state;
    const code = state.kind === 'failed' ? { code: state.code } : {};
    const ms = state.kind === 'done' ? { ms: Math.round(state.evaluateMs) } : {};
    this.#parts.log('job', { jobId: id, state: state.kind, ...code, ...ms });
    this.#parts.watchers.wake(id);
  }

  /** Forgets a job, its frames and its result. Whoever accepts the same frame again waits for it (`forgotten`). */
  forget(job: LiveJob): Promise<void> {
    const { id } = job.record;
    const forgetting = this.#forget(job).finally(() => this.#forgetting.delete(id));
    this.#forgetting.set(id, forgetting);
    return forgetting;
  }

  /** Waits until a job that is being forgotten is gone; at once for any other. */
  async forgotten(id: JobId): Promise<void> {
    await this.#forgetting.get(id);
  }

  /** The digest last: while its frames are being removed, the same frame is not accepted and stored again. */
  async #forget(job: LiveJob): Promise<void> {
    const { record } = job;
    const { records, inputs, results, watchers } = this.#parts;
    this.#jobs.remove(record.id);
    watchers.wake(record.id);
    // What is still being stored would come back.
    await job.saving.catch(() => {});
    await records.remove(record.id).catch(() => {});
    await this.removeUnneeded(inputs, record.input);
    if (record.ended?.result) await this.removeUnneeded(results, record.ended.result);
    this.#jobs.release(record);
  }

  /** Removes a frame unless another job has the same. */
  async removeUnneeded(store: FrameStore, frame: Digest): Promise<void> {
    if (!this.#jobs.needs(frame)) await store.remove(frame).catch(() => {});
  }

  /** Forgets a job of which something is damaged. @throws CxrError `job-unknown`, for its client to send it again. */
  async lose(job: LiveJob, kind: 'result' | 'input' | 'evaluation keys'): Promise<never> {
    const { id } = job.record;
    this.#parts.log('damaged', { kind, jobId: id });
    await this.forget(job);
    throw new CxrError('job-unknown', { job: id });
  }
}
