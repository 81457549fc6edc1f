import type { JobId } from '../../contract/ids/job-id.ts';
import { RecordFolder } from '../store/record-folder.ts';
import { type JobRecord, jobRecordSchema } from './job-record.ts';

/**
 * What is remembered about jobs. The records are the truth after a restart: frames and queue are made to agree with
 * them.
 *
 * A second implementation, such as a database or a key-value bucket, guarantees the following. `describeRecordStore`
 * of test/evaluator/jobs/record-store-contract.ts checks it.
 *
 * - **Atomicity.** Whoever lists finds the old or the new record of a job, never a mixture.
 * - **Durability.** A record is kept once `save` has returned, also after a loss of power, because a job is acknowledged
 *   on the strength of it.
 * - **Integrity.** A record that was changed on the disk is not listed.
 * - **Room.** A `save` for which there is no room throws `storage-full` and leaves the record that was there.
 * - **Order.** `list` gives the oldest acceptance first; those of the same millisecond by id.
 * - **Deletion.** A store never removes a readable record by itself. `Jobs` alone removes, when a job expires.
 */
export interface RecordStore {
  /** Stores a record in place of the one that this job may have. */
  save(record: JobRecord): Promise<void>;
  /** Removes a job's record. Nothing happens for a job that has none. */
  remove(id: JobId): Promise<void>;
  list(): Promise<readonly JobRecord[]>;
}

/** Records as files of one folder, `<job id>.json`. */
export class FolderRecordStore implements RecordStore {
  readonly #records: RecordFolder<JobRecord>;

  private constructor(records: RecordFolder<JobRecord>) {
    this.#records = records;
  }

  /**
   * Opens a folder for its owner; what a crash left unfinished and records that cannot be read are removed.
   *
   * @param onDamaged  hears the name of every record that could not be read.
   */
  static async open(
    folder: string,
    onDamaged: (name: string) => void = () => {},
  ): Promise<FolderRecordStore> {
    const records = new RecordFolder<JobRecord>(folder, (value, name) => {
      const record = jobRecordSchema.parse(value);
      return record.id === name ? record : null;
    });
    for (const name of await records.tidy()) onDamaged(name);
    return new FolderRecordStore(records);
  }

  async save(record: JobRecord): Promise<void> {
    await this.#records.save(record.id, record);
  }

  async remove(id: JobId): Promise<void> {
    await this.#records.remove(id);
  }

  async list(): Promise<readonly JobRecord[]> {
    const records = [...(await this.#records.list())];
    return records.sort((left, right) => left.acceptedAt - right.acceptedAt || (left.id < right.id ? -1 : 1));
  }
}
