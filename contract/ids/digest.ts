import { z } from 'zod';

/** A SHA-256 digest, written as 64 lower-case hexadecimal digits. */
export type Digest = string & { readonly __brand: 'Digest' };

const hexadecimal = /^[0-9a-f]{64}$/;

/** Reads a digest that came from a file or from the network. */
export const digestSchema = z
  .string()
  .regex(hexadecimal)
  .transform((text) => text as Digest);

/**
 * Reads a digest that this program made itself. Text from outside goes through `digestSchema` instead.
 *
 * @throws TypeError for text that is not a digest.
 */
export function parseDigest(text: string): Digest {
  if (!hexadecimal.test(text)) throw new TypeError('"digest" expected 64 hexadecimal digits');
  return text as Digest;
}
