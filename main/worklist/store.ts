import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { deserialize, serialize } from 'node:v8';
import type { Location } from '../../contract/ipc/reader.ts';
import type { StudyRow } from '../../contract/ipc/worklist.ts';

/** A study and where its images are. */
export type StoredStudy = { readonly row: StudyRow; readonly locations: ReadonlyMap<string, Location> };

export type WorklistStore = Disposable & {
  load(): StoredStudy[];
  save(study: StoredStudy): void;
  remove(id: string): void;
};

const format = 2;
const nonceBytes = 12;
const tagBytes = 16;

/**
 * The worklist on disk: one row a study, whose content is sealed with AES-256-GCM under `key` and bound to the row's id.
 * What can be read without the key is how many studies there are, how large and when they came.
 *
 * Rows that cannot be opened (another key, altered, another format) are left out and removed.
 *
 * @param key  32 bytes.
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
