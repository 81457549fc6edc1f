import { appendFileSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { CxrError } from '../../contract/errors.ts';
import { makePrivateFolder } from '../files/make-private-folder.ts';
import { writePrivate } from '../files/write-private.ts';

const dayMs = 24 * 60 * 60 * 1000;
/** A share that was away for less than that has kept its files, and none of them comes twice. */
const keptDays = 90;

/**
 * The record on disk of what has been handed on: a digest a line, and the day on which it was last seen to be there. What has
 * not been there for 90 days is forgotten, so that the record does not grow for ever.
 */
export class HandedOn {
  readonly #path: string;
  readonly #today: () => number;
  readonly #days = new Map<string, number>();
  #refreshed: number | null = null;

  private constructor(path: string, today: () => number) {
    this.#path = path;
    this.#today = today;
  }

  /**
   * Opens the record, or begins one.
   *
   * @param today  the number of the day; tests give another.
   * @throws       CxrError 'folder-unusable' when it cannot be written.
   */
  static open(path: string, today: () => number = () => Math.floor(Date.now() / dayMs)): HandedOn {
    const record = new HandedOn(path, today);
    for (const line of textOf(path).split('\n')) {
      const [, digest, day] = /^([0-9a-f]{32}) (\d{1,6})$/.exec(line) ?? [];
      if (digest !== undefined) record.#days.set(digest, Number(day));
    }
    record.#write();
    return record;
  }

  /** Tells whether this state of a file has been handed on. */
  has(digest: string): boolean {
    return this.#days.has(digest);
  }

  /** Notes that it has. @throws CxrError 'folder-unusable'. */
  add(digest: string): void {
    this.#days.set(digest, this.#today());
    // A line that a crash cuts is none; the file is then handed on once more.
    this.#tried(() =>
      appendFileSync(this.#path, `${digest} ${this.#today()}\n`, { mode: 0o600, flush: true }),
    );
  }

  /** Once a day: notes what is there, and forgets what has not been for long. @throws CxrError 'folder-unusable'. */
  refresh(present: readonly string[]): void {
    const today = this.#today();
    if (this.#refreshed === today) return;
    this.#refreshed = today;
    for (const digest of present) if (this.#days.has(digest)) this.#days.set(digest, today);
    for (const [digest, day] of this.#days) if (today - day > keptDays) this.#days.delete(digest);
    this.#write();
  }

  #write(): void {
    const lines = [...this.#days].map(([digest, day]) => `${digest} ${day}\n`);
    this.#tried(() => {
      makePrivateFolder(dirname(this.#path));
      writePrivate(this.#path, lines.join(''));
    });
  }

  #tried(work: () => void): void {
    try {
      work();
    } catch (cause) {
      const reason = String((cause as NodeJS.ErrnoException).code ?? 'unknown');
      const expected = 'a folder that this user may write to';
      const detail = { setting: 'data', folder: dirname(this.#path), reason, expected };
      throw new CxrError('folder-unusable', detail, { cause });
    }
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
