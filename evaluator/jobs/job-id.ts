import { createHash } from 'node:crypto';
import type { Digest } from '../../contract/ids/digest.ts';
import { type JobId, parseJobId } from '../../contract/ids/job-id.ts';
import type { Tenant } from '../tenants/tenant.ts';

/**
 * The id of the job that a tenant's input makes. The same frame from the same tenant makes the same job, however often
 * it comes and whatever was lost in between. Nobody can guess it who does not have the frame, whose nonce is random.
 */
export const jobIdOf = (tenant: Tenant, input: Digest): JobId =>
  parseJobId(createHash('sha256').update(`cipherfilm-job/1 ${tenant} ${input}`).digest('hex').slice(0, 32));
