import { sumRegions } from '../../he/client/encryption.ts';
import { regionsInClear } from '../../he/client/in-clear.ts';
import type { ServerHalf } from '../../native-models/server-half.ts';

/**
 * One logit per finding and region, in plaintext: for demonstrations, evaluation and tests, where both halves of a bundle
 * are at hand.
 */
export const clearRegions = ({ program, description }: ServerHalf, latent: Float32Array): Float64Array =>
  regionsInClear(program, description, latent);

/** One logit per finding. */
export const clearLogits = (half: ServerHalf, latent: Float32Array): Float64Array =>
  sumRegions(clearRegions(half, latent), half.description.output.count);
