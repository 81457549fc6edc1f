import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobId } from '../../contract/ids/job-id.ts';
import { writeAtomically } from '../store/atomic-write.ts';
import { type JobRecord, jobRecordSchema } from './job-record.ts';

/** The files of jobs: `<id>.json` the record, `<id>.input` and `<id>.result` the frames. */
export class JobFiles {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async open(folder: string): Promise<JobFiles> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return new JobFiles(folder);
  }

  inputOf(id: JobId): string {
    return join(this.#folder, `${id}.input`);
  }
  hasInput(id: JobId): boolean {
    return existsSync(this.inputOf(id));
  }

  /** The input before its record: a record without input would be a job that can never run. */
  async create(record: JobRecord, input: Uint8Array): Promise<void> {
    await writeAtomically(this.inputOf(record.id), input);
    await this.save(record);
  }
  async save(record: JobRecord): Promise<void> {
    await writeAtomically(this.#recordOf(record.id), JSON.stringify(record));
  }
  async saveResult(id: JobId, frame: Uint8Array): Promise<void> {
    await writeAtomically(this.#resultOf(id), frame);
  }
  readResult(id: JobId): Promise<Uint8Array> {
    return readFile(this.#resultOf(id));
  }
  async removeInput(id: JobId): Promise<void> {
    await rm(this.inputOf(id), { force: true });
  }
  async remove(id: JobId): Promise<void> {
    for (const path of [this.#recordOf(id), this.inputOf(id), this.#resultOf(id)]) {
      await rm(path, { force: true });
    }
  }

  /** All records, oldest first; files that belong to no readable record are removed. */
  async load(): Promise<JobRecord[]> {
    const names = await readdir(this.#folder);
    const records: JobRecord[] = [];
    for (const name of names.filter((candidate) => /^[0-9a-f]{32}\.json$/.test(candidate))) {
      const record = parseRecord(await readFile(join(this.#folder, name), 'utf8'));
      if (record !== null && `${record.id}.json` === name) records.push(record);
    }
    const known = new Set<string>(records.map((record) => record.id));
    for (const name of names) {
      if (!known.has(name.slice(0, 32))) await rm(join(this.#folder, name), { force: true });
    }
    return records.sort((left, right) => left.acceptedAt - right.acceptedAt);
  }

  #recordOf(id: JobId): string {
    return join(this.#folder, `${id}.json`);
  }
  #resultOf(id: JobId): string {
    return join(this.#folder, `${id}.result`);
  }
}

function parseRecord(text: string): JobRecord | null {
  try {
    return jobRecordSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
