import { z } from 'zod';

/** An evaluator's name for a job, 32 hexadecimal digits. The evaluator draws it at random, so nobody can guess another one's. */
export type JobId = string & { readonly __brand: 'JobId' };

const hexadecimal = /^[0-9a-f]{32}$/;

/** Reads a job id that came from a file or from the network. */
export const jobIdSchema = z
  .string()
  .regex(hexadecimal)
  .transform((text) => text as JobId);

/** @throws TypeError for text that is no job id. */
export function parseJobId(text: string): JobId {
  if (!hexadecimal.test(text)) throw new TypeError('"job id" expected 32 hexadecimal digits');
  return text as JobId;
}
