import { createHash } from 'node:crypto';
import { type AuditEntry, type AuditEvent, auditEntrySchema } from '../../contract/exchange/audit.ts';
import { type Digest, parseDigest } from '../../contract/ids/digest.ts';

/** What the first entry follows: no entry, and a digest of zeros. */
export const origin: AuditEntry = {
  number: 0,
  at: new Date(0).toISOString(),
  event: { kind: 'repaired', bytes: 1 },
  previous: parseDigest('0'.repeat(64)),
  hash: parseDigest('0'.repeat(64)),
};

/** Makes the entry that follows another. */
export function entryAfter(last: AuditEntry, event: AuditEvent, at: Date): AuditEntry {
  const bare = { number: last.number + 1, at: at.toISOString(), event, previous: last.hash };
  return { ...bare, hash: hashOf(bare) };
}

/** The digest of an entry without its own: of its parts as JSON, in this order. */
export const hashOf = ({ number, at, event, previous }: Omit<AuditEntry, 'hash'>): Digest =>
  parseDigest(
    createHash('sha256')
      .update(JSON.stringify([number, at, event, previous]))
      .digest('hex'),
  );

/** Writes an entry as a line of the log. */
export const lineOf = (entry: AuditEntry): string => `${JSON.stringify(entry)}\n`;

/** Reads a line of the log. @returns null for a line that is no entry, or whose digest is not its own. */
export function entryIn(line: string): AuditEntry | null {
  try {
    const parsed: unknown = JSON.parse(line);
    const entry = auditEntrySchema.parse(parsed);
    // Of the text as it stands there: another order of fields would be another text.
    return hashOf(parsed as AuditEntry) === entry.hash ? entry : null;
  } catch {
    return null;
  }
}
