import { z } from 'zod';

/** What a run on ciphertext cost, counted as executed (not as predicted). */
export const costSchema = z.object({
  /** Multiplicative depth: how many primes of the modulus were used up. */
  levels: z.int().nonnegative(),
  rotations: z.int().nonnegative(),
  relinearizations: z.int().nonnegative(),
  plaintextProducts: z.int().nonnegative(),
  ciphertextProducts: z.int().nonnegative(),
  rescales: z.int().nonnegative(),
});
export type Cost = z.infer<typeof costSchema>;
