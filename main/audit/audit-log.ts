import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { CxrError } from '../../contract/errors.ts';
import type { AuditEntry, AuditEvent } from '../../contract/exchange/audit.ts';
import { withFileLock } from '../files/file-lock.ts';
import { makePrivateFolder } from '../files/make-private-folder.ts';
import { writePrivate } from '../files/write-private.ts';
import { entryAfter, entryIn, lineOf, origin } from './entries.ts';

/** How large the log may become. */
export type AuditLimits = { readonly fileBytes: number; readonly files: number };
/** About 4,000 entries a file: 20 files keep some 80,000 exports. */
const productLimits: AuditLimits = { fileBytes: 2 ** 21, files: 20 };
const current = 'audit.jsonl';
const earlier = /^audit-\d{12}\.jsonl$/;

/**
 * The log of what left this workstation: lines that are only ever appended, each with the digest of the one before. Window and
 * command line may append at the same time. When a file is full another one is begun, whose first line goes on from the last;
 * the oldest file is deleted when there are too many.
 *
 * What stands behind the last sound line, such as one that was not finished because the machine lost power, is set aside in a
 * file of its own before the next line is written. No line before that is ever changed: `verifyAuditLog` says where the chain
 * breaks.
 */
export class AuditLog {
  readonly #folder: string;
  readonly #limits: AuditLimits;

  /** @param folder  the folder of the log, which is made when the first entry is. */
  constructor(folder: string, limits: AuditLimits = productLimits) {
    this.#folder = folder;
    this.#limits = limits;
  }

  /** Sets a damaged end aside, if there is one, and tells it in the log. @throws CxrError `audit-unwritable`. */
  repair(): void {
    if (existsSync(this.#path)) this.#locked(() => this.#mend());
  }

  /**
   * Appends an entry. It is on the disk when this returns.
   *
   * @throws CxrError `audit-unwritable`: what was to be told must not happen then.
   */
  append(event: AuditEvent, at: Date = new Date()): AuditEntry {
    return this.#locked(() => {
      this.#mend();
      return this.#add(event, at);
    });
  }

  get #path(): string {
    return join(this.#folder, current);
  }

  #locked<T>(work: () => T): T {
    try {
      makePrivateFolder(this.#folder);
      const errors = { busy: () => unwritable('busy'), unwritable };
      return withFileLock(join(this.#folder, 'audit.lock'), errors, work);
    } catch (error) {
      throw error instanceof CxrError ? error : unwritable((error as NodeJS.ErrnoException).code ?? 'other');
    }
  }

  /** Cuts off what stands behind the last whole line. */
  #mend(): void {
    const bytes = existsSync(this.#path) ? readFileSync(this.#path) : Buffer.alloc(0);
    const whole = wholeBytes(bytes);
    if (whole === bytes.length) return;
    const damaged = bytes.subarray(whole);
    writePrivate(join(this.#folder, `damaged-${Date.now()}.bin`), damaged);
    truncateSync(this.#path, whole);
    this.#add({ kind: 'repaired', bytes: damaged.length }, new Date());
  }

  #add(event: AuditEvent, at: Date): AuditEntry {
    const last = this.#last();
    const entry = entryAfter(last, event, at);
    if (existsSync(this.#path) && statSync(this.#path).size >= this.#limits.fileBytes) this.#rotate(entry);
    const file = openSync(this.#path, 'a', 0o600);
    try {
      writeSync(file, lineOf(entry));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    return entry;
  }

  /** The last entry of the current file, or of the one before where it has none yet. */
  #last(): AuditEntry {
    for (const path of [this.#path, ...this.#earlier().toReversed()]) {
      if (!existsSync(path)) continue;
      const entry = entryIn(readFileSync(path, 'utf8').trimEnd().split('\n').at(-1)!);
      if (entry !== null) return entry;
    }
    return origin;
  }

  #rotate({ number }: AuditEntry): void {
    renameSync(this.#path, join(this.#folder, `audit-${String(number).padStart(12, '0')}.jsonl`));
    for (const path of this.#earlier().slice(0, -(this.#limits.files - 1))) rmSync(path, { force: true });
  }

  #earlier(): string[] {
    return earlierFiles(this.#folder);
  }
}

/** The files of a log in the order in which they were written. */
export const auditFiles = (folder: string): string[] =>
  existsSync(folder)
    ? [...earlierFiles(folder), join(folder, current)].filter((path) => existsSync(path))
    : [];

const earlierFiles = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => earlier.test(name))
    .sort()
    .map((name) => join(folder, name));

/** How many bytes from the beginning on are lines that were written whole, up to the last one that is an entry. */
function wholeBytes(bytes: Buffer): number {
  for (let end = bytes.lastIndexOf(0x0a) + 1; end > 0; ) {
    const start = bytes.lastIndexOf(0x0a, end - 2) + 1;
    if (entryIn(bytes.toString('utf8', start, end - 1)) !== null) return end;
    end = start;
  }
  return 0;
}

const unwritable = (reason: string): CxrError => new CxrError('audit-unwritable', { reason });
