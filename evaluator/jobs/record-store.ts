import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type JobId, jobIdSchema } from '../../contract/ids/job-id.ts';
import { unfinishedPrefix, writeAtomically } from '../store/atomic-write.ts';
import { makeFolder } from '../store/make-folder.ts';
import { type JobRecord, jobRecordSchema } from './job-record.ts';

/**
 * What is remembered about jobs. The records are the truth after a restart: frames and queue are made to agree with
 * them.
 *
 * A second implementation, such as a database or a key-value bucket, guarantees the following. `describeRecordStore`
 * of test/evaluator/jobs/record-store-contract.ts checks it.
 *
 * - **Atomicity.** Whoever lists finds the old or the new record of a job, never a mixture.
 * - **Durability.** A record is kept once `save` has returned, because a job is acknowledged on the strength of it. The
 *   folder does not wait for the disk itself, so a loss of power may still take the last ones.
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

const suffix = '.json';

/** Records as files of one folder, `<job id>.json`. */
export class FolderRecordStore implements RecordStore {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Opens a folder for its owner; what a crash left unfinished and records that cannot be read are removed. */
  static async open(folder: string): Promise<FolderRecordStore> {
    await makeFolder(folder);
    const store = new FolderRecordStore(folder);
    const readable = new Set((await store.list()).map(({ id }) => `${id}${suffix}`));
    for (const name of await readdir(folder)) {
      const isStray = name.endsWith(suffix) && !readable.has(name);
      if (isStray || name.startsWith(unfinishedPrefix)) await rm(join(folder, name), { force: true });
    }
    return store;
  }

  async save(record: JobRecord): Promise<void> {
    await writeAtomically(this.#pathOf(record.id), JSON.stringify(record));
  }

  async remove(id: JobId): Promise<void> {
    await rm(this.#pathOf(id), { force: true });
  }

  async list(): Promise<readonly JobRecord[]> {
    const records: JobRecord[] = [];
    for (const name of await readdir(this.#folder)) {
      if (!name.endsWith(suffix)) continue;
      const id = jobIdSchema.safeParse(name.slice(0, -suffix.length));
      const record = id.success ? parseRecord(await readFile(this.#pathOf(id.data), 'utf8')) : null;
      if (record !== null && record.id === id.data) records.push(record);
    }
    return records.sort((left, right) => left.acceptedAt - right.acceptedAt || (left.id < right.id ? -1 : 1));
  }

  #pathOf(id: JobId): string {
    return join(this.#folder, `${id}${suffix}`);
  }
}

function parseRecord(text: string): JobRecord | null {
  try {
    return jobRecordSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
