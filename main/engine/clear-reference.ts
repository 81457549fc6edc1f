import { readRegions, sumRegions } from '../../he/client/encryption.ts';
import { runInClear } from '../../he/run/in-clear.ts';
import type { ServerHalf } from '../../native-models/server-half.ts';

/** What a run on plain numbers needs of a bundle's evaluator's half. */
export type ClearHalf = Pick<ServerHalf, 'program' | 'description'>;

/**
 * One logit per finding and region, in plaintext: for demonstrations, evaluation and tests, where both halves of a bundle
 * are at hand.
 *
 * @param latent  C×H×W.
 * @throws CxrError `result-range`.
 */
export const clearRegions = ({ program, description }: ClearHalf, latent: Float32Array): Float64Array =>
  readRegions(runInClear({ program, ...description }, latent).slots, description);

/** One logit per finding. @throws CxrError `result-range`. */
export const clearLogits = (half: ClearHalf, latent: Float32Array): Float64Array =>
  sumRegions(clearRegions(half, latent), half.description.output.count);
