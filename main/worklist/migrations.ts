import type { DatabaseSync } from 'node:sqlite';
import { CxrError } from '../../contract/errors.ts';
import { seal, unseal } from './sealing.ts';

type Migration = (database: DatabaseSync, key: Uint8Array) => void;

/**
 * The steps from one layout of the list on disk to the next, the oldest first. A database carries the number of steps
 * that it has behind it as its `user_version`. A step that was ever released is not changed any more.
 */
const migrations: readonly Migration[] = [
  // The first version did not count: its table is there already.
  (database) =>
    database.exec(`CREATE TABLE IF NOT EXISTS study (
      id TEXT PRIMARY KEY,
      added_at INTEGER NOT NULL,
      sealed BLOB NOT NULL
    ) STRICT;`),
  // Images got the digest of their pixels. That of an image that is there already is learned when it is dropped again.
  (database, key) =>
    rewriteRows(database, key, (study) => {
      const { row } = study as { row: { images: object[] } };
      return { ...study, row: { ...row, images: row.images.map((image) => ({ pixels: null, ...image })) } };
    }),
];

/** The layout that this program writes. */
export const layout = migrations.length;

/**
 * Brings a database to the present layout. All steps are made or none is.
 *
 * @throws CxrError `worklist-newer` for a layout that this program does not know. The database is not touched then.
 */
export function migrate(database: DatabaseSync, key: Uint8Array): void {
  const { user_version: found } = database.prepare('PRAGMA user_version').get() as { user_version: number };
  if (found > layout) throw new CxrError('worklist-newer', { got: found, expected: layout });
  if (found === layout) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    for (const step of migrations.slice(found)) step(database, key);
    database.exec(`PRAGMA user_version = ${layout}`);
    database.exec('COMMIT');
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}

/** Changes the content of every row that opens; the others are dealt with when the list is loaded. */
function rewriteRows(database: DatabaseSync, key: Uint8Array, change: (study: object) => object): void {
  const write = database.prepare('UPDATE study SET sealed = ? WHERE id = ?');
  for (const { id, sealed } of database.prepare('SELECT id, sealed FROM study').all()) {
    const opened = unseal(key, String(id), sealed as Uint8Array);
    if (opened !== null) write.run(seal(key, String(id), change(opened.value as object)), String(id));
  }
}
