import { z } from 'zod';
import { errorCodes } from '../errors.ts';
import { digestSchema } from '../ids/digest.ts';
import { jobIdSchema } from '../ids/job-id.ts';
import { exportForms } from './export.ts';

/** Where results go, by kind. The place itself is not told: a folder's name can hold a patient's. */
export const destinations = ['folder', 'archive', 'web archive'] as const;
export type Destination = (typeof destinations)[number];

const what = z.strictObject({
  job: jobIdSchema,
  forms: z.array(z.enum(exportForms)).min(1),
  to: z.enum(destinations),
});

/**
 * What the audit log tells. No text is free, so that nothing about a patient can get into it: a job's name joins an entry with a
 * report. `by` is a person at this workstation, or the rule of the policy that asked for it.
 */
export const auditEventSchema = z.discriminatedUnion('kind', [
  /** A result is about to leave. It is told beforehand, so that nothing leaves untold. */
  what.extend({
    kind: z.literal('export'),
    deidentified: z.boolean(),
    by: z.union([z.literal('person'), z.strictObject({ rule: z.string().regex(/^[a-z0-9-]{1,64}$/) })]),
  }),
  /** The same did not leave, or not whole. */
  what.extend({ kind: z.literal('export-failed'), error: z.enum(errorCodes) }),
  /** So many bytes at the end of the log were damaged and were set aside. */
  z.strictObject({ kind: z.literal('repaired'), bytes: z.int().positive() }),
]);
export type AuditEvent = z.infer<typeof auditEventSchema>;

/**
 * A line of the log. `hash` is the SHA-256 digest of the rest, and `previous` that of the line before: who changes or removes a
 * line has to change all that follow.
 */
export const auditEntrySchema = z.strictObject({
  number: z.int().positive(),
  /** ISO 8601. */
  at: z.iso.datetime(),
  event: auditEventSchema,
  previous: digestSchema,
  hash: digestSchema,
});
export type AuditEntry = z.infer<typeof auditEntrySchema>;
