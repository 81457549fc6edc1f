import { z } from 'zod';

/** Counts the operations of a program on ciphertext. In a job's reply the numbers are those that were executed. */
export const costSchema = z.object({
  /** The multiplicative depth: how many primes of the modulus the program uses up. */
  levels: z.int().nonnegative(),
  /** Cyclic shifts of all slots. Each needs an evaluation key. */
  rotations: z.int().nonnegative(),
  /** Returns of a product of two ciphertexts to the usual size. Each needs an evaluation key. */
  relinearizations: z.int().nonnegative(),
  /** Products of a ciphertext with public numbers, such as weights. */
  plaintextProducts: z.int().nonnegative(),
  /** Products of two ciphertexts, squares included. */
  ciphertextProducts: z.int().nonnegative(),
  /** Divisions by a prime after products, which bring the scale back down. */
  rescales: z.int().nonnegative(),
});
export type Cost = z.infer<typeof costSchema>;
