import type { BundleDescription, KnownAnswer } from '../../contract/bundle.ts';
import { knownLatent } from '../../he/client/known-latent.ts';
import type { Compiled } from '../../he/compiler/compile.ts';
import { clearLogits } from '../../main/engine/clear-reference.ts';

/** Where the known answer lies in a bundle's folder. */
export const knownAnswerFile = 'client/known-answer.json';

/** Computes in plaintext what the compiled network makes of the known latent. */
export function knownAnswer({ program }: Compiled, description: BundleDescription): KnownAnswer {
  return {
    format: 'cipherfilm-known-answer/1',
    logits: [...clearLogits({ program, description }, knownLatent(description.input))],
  };
}
