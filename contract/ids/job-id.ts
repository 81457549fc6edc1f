import { z } from 'zod';

/**
 * An evaluator's name for a job: 32 hexadecimal digits. The evaluator computes it from the tenant and the
 * digest of the input frame, which holds random bytes, so that nobody can guess the name of another client's job.
 */
export type JobId = string & { readonly __brand: 'JobId' };

const hexadecimal = /^[0-9a-f]{32}$/;

/** Reads a job id that came from a file or from the network. */
export const jobIdSchema = z
  .string()
  .regex(hexadecimal)
  .transform((text) => text as JobId);

/** Reads a job id that was checked before. @throws TypeError for text that is not a job id. */
export function parseJobId(text: string): JobId {
  if (!hexadecimal.test(text)) throw new TypeError('"job id" expected 32 hexadecimal digits');
  return text as JobId;
}
