import { sumRegions } from '../../he/client/encryption.ts';
import { regionsInClear } from '../../he/client/in-clear.ts';
import type { ServerHalf } from '../../native-models/server-half.ts';

/**
 * Computes the network's logits in plaintext, one per finding and region. Demonstrations, evaluation and tests use it
 * where both halves of a bundle are at hand.
 *
 * @param latent  channel by channel and row by row.
 * @returns       findings × regions logits, finding by finding.
 */
export const clearRegions = ({ program, description }: ServerHalf, latent: Float32Array): Float64Array =>
  regionsInClear(program, description, latent);

/** Computes the network's logits in plaintext, one per finding: the sum over its regions. */
export const clearLogits = (half: ServerHalf, latent: Float32Array): Float64Array =>
  sumRegions(clearRegions(half, latent), half.description.output.count);
