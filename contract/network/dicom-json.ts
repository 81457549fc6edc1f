import { z } from 'zod';

/**
 * A data set as JSON (PS3.18 annex F): elements by their tag, eight hexadecimal digits. An archive is believed nothing: what
 * is too long or has another form makes the whole answer one that is not understood.
 */
const value = z.union([
  z.string().max(4_096),
  z.number(),
  z.null(),
  // A person's name, or an item of a sequence.
  z.record(z.string().max(64), z.unknown()),
]);
const element = z.object({ vr: z.string().max(2).optional(), Value: z.array(value).max(1_024).optional() });
export const dicomJsonSchema = z.record(z.string().regex(/^[0-9A-Fa-f]{8}$/), element);
export type DicomJson = z.infer<typeof dicomJsonSchema>;

/** The answer to a question: a list of data sets. */
export const dicomJsonListSchema = z.array(dicomJsonSchema).max(10_000);
