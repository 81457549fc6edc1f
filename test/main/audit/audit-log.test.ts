import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { toCodedError } from '../../../contract/errors.ts';
import { type AuditEvent, auditEventSchema } from '../../../contract/exchange/audit.ts';
import { parseJobId } from '../../../contract/ids/job-id.ts';
import { AuditLog, auditFiles } from '../../../main/audit/audit-log.ts';
import { entryIn } from '../../../main/audit/entries.ts';
import { verifyAuditLog } from '../../../main/audit/verify-log.ts';
import { withTemporaryFolder } from '../../../main/files/temporary-folder.ts';

const job = parseJobId('0'.repeat(32));
const event = {
  ...{ kind: 'export', job, forms: ['sr', 'pdf'], to: 'folder', deidentified: false, by: 'person' },
} as const satisfies AuditEvent;
const withLog = <T>(work: (folder: string) => T | Promise<T>): Promise<T> =>
  withTemporaryFolder('cipherfilm-audit-', async (parent) => await work(join(parent, 'audit')));
const current = (folder: string) => join(folder, 'audit.jsonl');
const linesOf = (folder: string) => readFileSync(current(folder), 'utf8').trimEnd().split('\n');

describe('the audit log', () => {
  it('appends entries that each name the digest of the one before', () =>
    withLog((folder) => {
      const log = new AuditLog(folder);
      const first = log.append(event, new Date(0));
      const second = new AuditLog(folder).append({ ...event, by: { rule: 'send-all' } }, new Date(1));
      expect([first.number, second.number, second.previous]).toEqual([1, 2, first.hash]);
      expect(linesOf(folder).map((line) => entryIn(line))).toEqual([first, second]);
      expect(verifyAuditLog(folder)).toEqual({ entries: 2, first: 1, broken: null });
      if (process.platform !== 'win32') expect(statSync(current(folder)).mode & 0o777).toBe(0o600);
    }));

  it('takes no field that it does not know, so that nothing about a patient gets into it', () => {
    expect(auditEventSchema.safeParse(event).success).toBe(true);
    expect(auditEventSchema.safeParse({ ...event, patient: 'Müller' }).success).toBe(false);
    expect(auditEventSchema.safeParse({ ...event, by: { rule: 'Frau Müller' } }).success).toBe(false);
  });

  it('keeps every earlier line when the last one was not finished', () =>
    withLog((folder) => {
      const log = new AuditLog(folder);
      for (let index = 0; index < 5; index += 1) log.append(event);
      const before = linesOf(folder);
      const whole = statSync(current(folder)).size;
      // The last line loses one byte after another, as power fails in the middle of a write.
      const last = before.at(-1)!;
      for (const left of [last.length, last.length - 1, 40, 1]) {
        writeFileSync(current(folder), `${before.slice(0, 4).join('\n')}\n${last.slice(0, left)}`);
        new AuditLog(folder).repair();
        const after = linesOf(folder);
        expect(after.slice(0, 4)).toEqual(before.slice(0, 4));
        expect(entryIn(after[4]!)?.event).toEqual({ kind: 'repaired', bytes: left });
        expect(verifyAuditLog(folder).broken).toBeNull();
      }
      expect(readdirSync(folder).filter((name) => name.startsWith('damaged-')).length).toBeGreaterThan(0);
      expect(whole).toBeGreaterThan(0);
    }));

  it('is left as it is when it is sound, and where there is none', () =>
    withLog((folder) => {
      new AuditLog(folder).repair();
      expect(existsSync(folder)).toBe(false);
      const log = new AuditLog(folder);
      log.append(event);
      const before = readFileSync(current(folder));
      log.repair();
      expect(readFileSync(current(folder))).toEqual(before);
    }));

  it('goes on after zeros at its end, which some file systems leave', () =>
    withLog((folder) => {
      const log = new AuditLog(folder);
      log.append(event);
      truncateSync(current(folder), statSync(current(folder)).size + 4096);
      expect(log.append(event).number).toBe(3);
      expect(verifyAuditLog(folder)).toEqual({ entries: 3, first: 1, broken: null });
    }));

  it.each([
    ['changed', (lines: string[]) => lines.with(1, lines[1]!.replace('"person"', '{"rule":"x"}')), 2],
    ['removed', (lines: string[]) => lines.toSpliced(1, 1), 2],
    ['put in twice', (lines: string[]) => lines.toSpliced(1, 0, lines[0]!), 2],
    ['exchanged', (lines: string[]) => [lines[1]!, lines[0]!, lines[2]!], 1],
  ] as const)('shows where a line was %s', (_, altered, broken) =>
    withLog((folder) => {
      const log = new AuditLog(folder);
      for (let index = 0; index < 3; index += 1) log.append(event);
      writeFileSync(current(folder), `${altered(linesOf(folder)).join('\n')}\n`);
      if (broken !== 1) expect(verifyAuditLog(folder).broken).toBe(broken);
      else expect(verifyAuditLog(folder).broken).not.toBeNull();
    }),
  );

  it('stays within its size, and its chain goes on from file to file', () =>
    withLog((folder) => {
      const limits = { fileBytes: 2000, files: 3 };
      const log = new AuditLog(folder, limits);
      for (let index = 0; index < 60; index += 1) log.append(event);
      const files = auditFiles(folder);
      expect(files).toHaveLength(3);
      const longestLine = 500;
      for (const file of files) expect(statSync(file).size).toBeLessThan(limits.fileBytes + longestLine);
      const { first, broken, entries } = verifyAuditLog(folder);
      expect(broken).toBeNull();
      expect(first! + entries - 1).toBe(60);
      expect(first).toBeGreaterThan(1);
    }));

  it('refuses with a code where it cannot be written', () =>
    withLog((folder) => {
      writeFileSync(folder, 'a file stands where the folder should be');
      let code = '';
      try {
        new AuditLog(folder).append(event);
      } catch (error) {
        code = toCodedError(error).code;
      }
      expect(code).toBe('audit-unwritable');
    }));

  it('loses no entry of two processes that write at the same time', () =>
    withLog(async (folder) => {
      new AuditLog(folder).append(event);
      const script = `
        import { AuditLog } from ${JSON.stringify(join(import.meta.dirname, '..', '..', '..', 'main', 'audit', 'audit-log.ts'))};
        const log = new AuditLog(${JSON.stringify(folder)});
        for (let index = 0; index < 40; index += 1) log.append(${JSON.stringify(event)});`;
      const writers = [1, 2].map(() =>
        spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: 'inherit' }),
      );
      const ends = await Promise.all(writers.map((writer) => once(writer, 'exit')));
      expect(ends.map(([status]) => status)).toEqual([0, 0]);
      expect(verifyAuditLog(folder)).toEqual({ entries: 81, first: 1, broken: null });
    }));
});
