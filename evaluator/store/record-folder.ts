import { createHash } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { unfinishedPrefix, writeAtomically } from './atomic-write.ts';
import { makeFolder } from './make-folder.ts';

const suffix = '.json';

/**
 * Records as files of one folder, `<name>.json`: the SHA-256 of the JSON in the first line, the JSON in the second. A
 * record that was changed on the disk is therefore noticed. Files of earlier versions have the JSON alone.
 */
export class RecordFolder<T> {
  readonly #folder: string;
  readonly #parse: (value: unknown, name: string) => T | null;

  /** @param parse  gives the record of a file's JSON; null, or an exception, where it is none of that name. */
  constructor(folder: string, parse: (value: unknown, name: string) => T | null) {
    this.#folder = folder;
    this.#parse = parse;
  }

  /**
   * Opens the folder for its owner. What a crash left unfinished is removed, and so is every record that is damaged.
   *
   * @returns the names of the damaged records.
   */
  async tidy(): Promise<readonly string[]> {
    await makeFolder(this.#folder);
    const names = await readdir(this.#folder);
    const damaged: string[] = [];
    for (const name of names.filter((name) => name.endsWith(suffix)))
      if ((await this.#read(name)) === null) damaged.push(name);
    const unfinished = names.filter((name) => name.startsWith(unfinishedPrefix));
    for (const name of [...damaged, ...unfinished]) await rm(join(this.#folder, name), { force: true });
    return damaged.map((name) => name.slice(0, -suffix.length));
  }

  async save(name: string, record: T): Promise<void> {
    const json = JSON.stringify(record);
    await writeAtomically(this.#pathOf(name), `${digestOf(json)}\n${json}`);
  }

  async remove(name: string): Promise<void> {
    await rm(this.#pathOf(name), { force: true });
  }

  /** Every whole record, in no order. */
  async list(): Promise<readonly T[]> {
    const names = (await readdir(this.#folder)).filter((name) => name.endsWith(suffix));
    const records = await Promise.all(names.map((name) => this.#read(name)));
    return records.filter((record) => record !== null);
  }

  async #read(name: string): Promise<T | null> {
    try {
      const text = await readFile(join(this.#folder, name), 'utf8');
      const end = text.startsWith('{') ? -1 : text.indexOf('\n');
      const json = text.slice(end + 1);
      if (end >= 0 && digestOf(json) !== text.slice(0, end)) return null;
      return this.#parse(JSON.parse(json), name.slice(0, -suffix.length));
    } catch {
      return null;
    }
  }

  #pathOf(name: string): string {
    return join(this.#folder, `${name}${suffix}`);
  }
}

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');
