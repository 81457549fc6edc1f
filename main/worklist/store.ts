import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { deserialize, serialize } from 'node:v8';
import type { Location } from '../../contract/ipc/reader.ts';
import type { StudyRow } from '../../contract/ipc/worklist.ts';

/** A study as it is stored: its row, and where each of its images lies, by the image's id. */
export type StoredStudy = { readonly row: StudyRow; readonly locations: ReadonlyMap<string, Location> };

/**
 * Where the worklist is kept between two runs of the program. `load` returns the studies in the order of their arrival.
 */
export type WorklistStore = Disposable & {
  load(): StoredStudy[];
  save(study: StoredStudy): void;
  remove(id: string): void;
};

const format = 2;
const nonceBytes = 12;
const tagBytes = 16;

/**
 * Opens the worklist on disk, an SQLite database with one row for each study. The content of a row is sealed with
 * AES-256-GCM under `key` and bound to the row's id. Without the key one can read only how many studies there are, how
 * large they are and when they came.
 *
 * A row that cannot be opened is left out and removed: it was altered, or has another key or format.
 *
 * @param path  the database file. It is made where there is none.
 * @param key   32 bytes.
 * @throws      the system's error when the file cannot be opened.
 */
export function openStore(path: string, key: Uint8Array): WorklistStore {
  if (key.length !== 32) throw new TypeError('"key" expected 32 bytes');
  const database = new DatabaseSync(path);
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA secure_delete = ON;
    CREATE TABLE IF NOT EXISTS study (
      id TEXT PRIMARY KEY,
      added_at INTEGER NOT NULL,
      sealed BLOB NOT NULL
    ) STRICT;`);
  const upsert = database.prepare(
    'INSERT INTO study VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET sealed = excluded.sealed',
  );
  const drop = database.prepare('DELETE FROM study WHERE id = ?');
  const all = database.prepare('SELECT id, sealed FROM study ORDER BY rowid');
  return {
    load: () =>
      all.all().flatMap(({ id, sealed }): StoredStudy[] => {
        const study = open(key, String(id), sealed as Uint8Array);
        if (study === null) drop.run(String(id));
        return study ?? [];
      }),
    save: (study) => void upsert.run(study.row.id, study.row.addedAt, seal(key, study)),
    remove: (id) => void drop.run(id),
    [Symbol.dispose]: () => database.close(),
  };
}

const bindingOf = (id: string): Buffer => Buffer.from(`cipherfilm-worklist/${format}\0${id}`);

function seal(key: Uint8Array, study: StoredStudy): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(bindingOf(study.row.id));
  return Buffer.concat([nonce, cipher.update(serialize(study)), cipher.final(), cipher.getAuthTag()]);
}

function open(key: Uint8Array, id: string, sealed: Uint8Array): StoredStudy[] | null {
  if (sealed.length < nonceBytes + tagBytes) return null;
  try {
    const end = sealed.length - tagBytes;
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, nonceBytes), {
      authTagLength: tagBytes,
    })
      .setAAD(bindingOf(id))
      .setAuthTag(sealed.subarray(end));
    const plain = Buffer.concat([decipher.update(sealed.subarray(nonceBytes, end)), decipher.final()]);
    return [deserialize(plain) as StoredStudy];
  } catch {
    return null;
  }
}
