import { z } from 'zod';
import { bundleIdSchema } from '../../contract/ids/bundle-id.ts';
import { digestSchema } from '../../contract/ids/digest.ts';
import { jobIdSchema } from '../../contract/ids/job-id.ts';
import { keyIdSchema } from '../../contract/ids/key-id.ts';
import { jobStateSchema } from '../../contract/protocol.ts';
import { everybody, tenantSchema } from '../tenants/tenant.ts';

/**
 * What is kept about a job: who it is for, which frame it answers, how it ended, which frame is its result. Queued and
 * running are not told apart, because a restart queues both again. The input digest is the memory of accepted frames.
 */
export const jobRecordSchema = z.object({
  format: z.literal('cipherfilm-job/1'),
  id: jobIdSchema,
  bundle: bundleIdSchema,
  key: keyIdSchema,
  input: digestSchema,
  /** Who it belongs to; earlier versions knew nobody apart. */
  tenant: tenantSchema.default(everybody),
  /** How often it was begun. */
  attempts: z.int().nonnegative().default(0),
  acceptedAt: z.number(),
  ended: z
    .object({ at: z.number(), state: jobStateSchema, result: digestSchema.nullable().default(null) })
    .nullable(),
});
export type JobRecord = z.infer<typeof jobRecordSchema>;
