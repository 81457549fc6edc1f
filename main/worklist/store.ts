import { existsSync, renameSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { type CodedError, CxrError } from '../../contract/errors.ts';
import type { Location } from '../../contract/ipc/reader.ts';
import type { StudyRow } from '../../contract/ipc/worklist.ts';
import { migrate } from './migrations.ts';
import { seal, unseal } from './sealing.ts';

/** A study as it is stored: its row, and where each of its images lies, by the image's id. */
export type StoredStudy = { readonly row: StudyRow; readonly locations: ReadonlyMap<string, Location> };

/**
 * Where the worklist is kept between two runs of the program. `load` returns the studies in the order of their arrival.
 * `save` writes all the studies that it is given or none, and they are on the disk when it returns.
 */
export type WorklistStore = Disposable & {
  load(): StoredStudy[];
  save(...studies: readonly StoredStudy[]): void;
  remove(id: string): void;
};

/** A store that was opened, and what there is to say about it. Without a store nothing is kept in this run. */
export type OpenedStore = { readonly store: WorklistStore | null; readonly problem: CodedError | null };

/** SQLite's result codes for a file that is no database and for one whose pages contradict each other. */
const damage: ReadonlySet<number> = new Set([26, 11]);

/**
 * Opens the worklist on disk, an SQLite database with one row for each study. The content of a row is sealed with
 * AES-256-GCM under `key` and bound to the row's id. Without the key one can read only how many studies there are, how
 * large they are and when they came.
 *
 * An older layout is brought up to date. A damaged file is set aside and a new list is begun. A file that cannot be
 * opened, or that a newer program wrote, is left as it is, and there is no store then.
 *
 * A row that cannot be opened is left out and removed: it was altered, or has another key.
 *
 * @param path        the database file. It is made where there is none.
 * @param key         32 bytes.
 * @param isOtherKey  true when the key that sealed an earlier list cannot be opened now, so that this is another. The
 *                    earlier list is set aside then.
 */
export function openStore(path: string, key: Uint8Array, isOtherKey = false): OpenedStore {
  if (key.length !== 32) throw new TypeError('"key" expected 32 bytes');
  const begin = (problem: CodedError): OpenedStore => {
    setAside(path);
    return { store: opened(path, key), problem };
  };
  try {
    if (isOtherKey && existsSync(path)) return begin({ code: 'worklist-sealed', detail: {} });
    try {
      return { store: opened(path, key), problem: null };
    } catch (error) {
      if (!isDamage(error)) throw error;
      return begin({ code: 'worklist-damaged', detail: {} });
    }
  } catch (error) {
    return { store: null, problem: storeProblem(error) };
  }
}

/** @throws CxrError `worklist-newer`; SQLite's error, and the system's. */
function opened(path: string, key: Uint8Array): WorklistStore {
  const database = new DatabaseSync(path);
  try {
    migrate(database, key);
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;');
    const [verdict] = database.prepare('PRAGMA quick_check(1)').all();
    if (verdict?.quick_check !== 'ok') throw Object.assign(new Error('inconsistent pages'), { errcode: 11 });
    return storeIn(database, key);
  } catch (error) {
    database.close();
    throw error;
  }
}

function storeIn(database: DatabaseSync, key: Uint8Array): WorklistStore {
  const upsert = database.prepare(
    'INSERT INTO study VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET sealed = excluded.sealed',
  );
  const drop = database.prepare('DELETE FROM study WHERE id = ?');
  const all = database.prepare('SELECT id, sealed FROM study ORDER BY rowid');
  const write = (study: StoredStudy) =>
    upsert.run(study.row.id, study.row.addedAt, seal(key, study.row.id, study));
  return {
    load: () =>
      all.all().flatMap(({ id, sealed }): StoredStudy[] => {
        const found = unseal(key, String(id), sealed as Uint8Array);
        if (found === null) drop.run(String(id));
        return found === null ? [] : [found.value as StoredStudy];
      }),
    save: (...studies) => {
      if (studies.length === 1) return void write(studies[0]!);
      database.exec('BEGIN IMMEDIATE');
      try {
        for (const study of studies) write(study);
        database.exec('COMMIT');
      } catch (error) {
        // SQLite has ended the transaction itself after some errors.
        if (database.isTransaction) database.exec('ROLLBACK');
        throw error;
      }
    },
    remove: (id) => void drop.run(id),
    [Symbol.dispose]: () => database.close(),
  };
}

const isDamage = (error: unknown): boolean => damage.has(resultCode(error));
/** SQLite's primary result code; 0 for any other error. */
const resultCode = (error: unknown): number => ((error as { errcode?: number } | null)?.errcode ?? 0) & 0xff;

/** Renames a database and what SQLite left beside it. Nothing of it is deleted. */
function setAside(path: string): void {
  const name = `${path}.set-aside-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`;
  for (const suffix of ['', '-wal', '-shm'])
    if (existsSync(path + suffix)) renameSync(path + suffix, name + suffix);
}

const reasons: Readonly<Record<number, string>> = {
  8: 'read-only',
  10: 'input or output',
  13: 'disk full',
  14: 'not accessible',
};

/** Says why the list cannot be kept, without the path that the system's message names. */
export const storeProblem = (error: unknown): CodedError =>
  error instanceof CxrError
    ? error.coded
    : { code: 'worklist-unwritable', detail: { reason: reasons[resultCode(error)] ?? 'other' } };
