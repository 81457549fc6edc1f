import type { z } from 'zod';
import { CxrError } from '../../contract/errors.ts';
import { parseJson, type Reply } from './evaluator-request.ts';

/**
 * Parses the JSON of an evaluator's reply. Replies are not trusted.
 *
 * @throws CxrError `evaluator-protocol` with the first field that is wrong, never with its content.
 */
export function parseReply<T>(schema: z.ZodType<T>, reply: Reply): T {
  const parsed = schema.safeParse(parseJson(reply.body));
  if (!parsed.success) {
    const field = parsed.error.issues[0]?.path.join('.') ?? '';
    throw new CxrError('evaluator-protocol', { field, status: reply.status });
  }
  return parsed.data;
}
