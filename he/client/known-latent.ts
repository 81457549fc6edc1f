import { createHash } from 'node:crypto';
import type { BundleDescription } from '../../contract/bundle.ts';

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
