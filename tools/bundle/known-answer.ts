import { createHash } from 'node:crypto';
import type { BundleDescription, KnownAnswer } from '../../contract/bundle.ts';
import type { Compiled } from '../../he/compiler/compile.ts';
import { clearLogits } from '../../main/engine/clear-reference.ts';

/** Where the known answer lies in a bundle's folder. */
export const knownAnswerFile = 'client/known-answer.json';

/**
 * A latent that everybody knows: SHA-256 of a counter, as numbers in [-1, 1]. It is of nobody, so what comes of it may
 * be compared and talked about.
 *
 * @returns C×H×W.
 */
export function knownLatent({ channels, height, width }: BundleDescription['input']): Float32Array {
  const values = new Float32Array(channels * height * width);
  for (let at = 0; at < values.length; at += 16) {
    const block = createHash('sha256').update(`cipherfilm known latent/1 ${at}`).digest();
    for (let index = 0; index < 16 && at + index < values.length; index += 1)
      values[at + index] = block.readInt16LE(2 * index) / 32_768;
  }
  return values;
}

/** Computes in plaintext what the compiled network makes of the known latent. */
export function knownAnswer({ program }: Compiled, description: BundleDescription): KnownAnswer {
  return {
    format: 'cipherfilm-known-answer/1',
    logits: [...clearLogits({ program, description }, knownLatent(description.input))],
  };
}
