import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { layout } from '../../../main/worklist/migrations.ts';
import { seal } from '../../../main/worklist/sealing.ts';
import { openStore } from '../../../main/worklist/store.ts';
import { taken, workstation } from './harness.ts';

describe('the file of the worklist', () => {
  const key = new Uint8Array(32).fill(7);
  let folder: string;
  const path = () => join(folder, 'worklist.sqlite');
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'cipherfilm-layout-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** A list of one study, as the present version writes it. */
  const filled = async () => {
    using store = openStore(path(), key).store!;
    await workstation(store).drop(taken('pa'));
  };

  it('carries the number of its layout', async () => {
    await filled();
    const database = new DatabaseSync(path());
    expect(database.prepare('PRAGMA user_version').get()).toEqual({ user_version: layout });
    database.close();
  });

  it('of the first version, which had no number, is opened and brought up to date', () => {
    const id = '11111111-1111-4111-8111-111111111111';
    const image = { id: 'i', name: 'pa.dcm', series: {}, frame: { uid: 'pa' } };
    const row = { id, state: 'done', images: [image], patient: { id: 'P1' }, study: { uid: '1' } };
    const database = new DatabaseSync(path());
    database.exec(
      'CREATE TABLE study (id TEXT PRIMARY KEY, added_at INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT',
    );
    database
      .prepare('INSERT INTO study VALUES (?, 1, ?)')
      .run(id, seal(key, id, { row, locations: new Map([['i', { kind: 'file' }]]) }));
    database.close();
    for (const _ of ['first', 'again']) {
      const { store, problem } = openStore(path(), key);
      expect(problem).toBeNull();
      const [study] = store!.load();
      expect(study!.row.images).toEqual([{ ...image, pixels: null }]);
      expect(study!.locations.get('i')).toEqual({ kind: 'file' });
      store![Symbol.dispose]();
    }
  });

  it('of a newer version is refused, and not a byte of it is changed', async () => {
    await filled();
    const database = new DatabaseSync(path());
    database.exec(`PRAGMA journal_mode = DELETE; PRAGMA user_version = ${layout + 1}`);
    database.close();
    const before = readFileSync(path());
    expect(openStore(path(), key)).toEqual({
      store: null,
      problem: { code: 'worklist-newer', detail: { got: layout + 1, expected: layout } },
    });
    expect(readFileSync(path()).equals(before)).toBe(true);
    expect(readdirSync(folder)).toEqual(['worklist.sqlite']);
  });

  it('that is no database, or whose pages contradict each other, is set aside whole; a new list is begun', async () => {
    await filled();
    const whole = readFileSync(path());
    const page = whole.readUInt16BE(16);
    // The second page is the root of the table: its header says what kind of page it is.
    const torn = Buffer.from(whole);
    torn.fill(0xff, page, page + 100);
    for (const damaged of [torn, Buffer.alloc(8_192, 'no database')]) {
      rmSync(folder, { recursive: true });
      folder = mkdtempSync(join(tmpdir(), 'cipherfilm-layout-'));
      writeFileSync(path(), damaged);
      const { store, problem } = openStore(path(), key);
      expect(problem).toEqual({ code: 'worklist-damaged', detail: {} });
      const { drop, list } = workstation(store);
      expect(list.rows).toEqual([]);
      await drop(taken('pa'));
      expect(store!.load()).toHaveLength(1);
      store![Symbol.dispose]();
      const aside = readdirSync(folder).filter((name) => name.includes('.set-aside-'));
      expect(aside).toHaveLength(1);
      expect(readFileSync(join(folder, aside[0]!)).equals(damaged)).toBe(true);
    }
  });

  it('that another key sealed is set aside and not emptied', async () => {
    await filled();
    const other = openStore(path(), new Uint8Array(32).fill(8), true);
    expect([other.problem?.code, other.store!.load()]).toEqual(['worklist-sealed', []]);
    other.store![Symbol.dispose]();
    const aside = readdirSync(folder).find((name) => /set-aside-[\dTZ-]+$/.test(name))!;
    using before = openStore(join(folder, aside), key).store!;
    expect(before.load()).toHaveLength(1);
    // Where there was no list yet there is nothing to say.
    const none = openStore(join(folder, 'none.sqlite'), key, true);
    expect(none.problem).toBeNull();
    none.store![Symbol.dispose]();
  });

  it('that cannot be opened costs nothing but its being kept', () => {
    expect(openStore(join(folder, 'no such folder', 'worklist.sqlite'), key)).toEqual({
      store: null,
      problem: { code: 'worklist-unwritable', detail: { reason: 'not accessible' } },
    });
  });

  it('has studies that are written together, or none of them', async () => {
    using store = openStore(path(), key).store!;
    const { list, drop } = workstation(store);
    await drop(taken('a', { study: '1' }));
    const broken = { row: { ...list.rows[0]!, id: 'other' }, locations: new Map([['x', () => {}]]) };
    const fine = { row: { ...list.rows[0]!, id: 'third' }, locations: new Map() };
    expect(() => store.save(fine, broken as never)).toThrow();
    expect(store.load().map(({ row: { id } }) => id)).toEqual([list.rows[0]!.id]);
  });
});
