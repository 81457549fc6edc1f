import { gather, packPatches } from '../layout.ts';
import { ClearBackend } from '../run/backends/clear.ts';
import { run } from '../run/run.ts';
import type { Compiled } from './compile.ts';
import { seededTensor } from './graph.ts';

/**
 * How many standard deviations lie between the expected error and the bound that is reported. A Gaussian error would
 * need six. Here a rounding error is multiplied by the secret, and the product of two such numbers has exponential
 * tails: twelve leave 2^-24. Besides, values that share a source have errors that share it too, which a sum of
 * variances does not see (in some random networks this is a factor of about two).
 */
const deviations = 12;

/**
 * Bounds the error of every output element of a compiled program for one latent: twelve standard deviations of the
 * noise that its CKKS operations add. The program is run on plain numbers (`ClearBackend.withNoise`) that carry the
 * variance of their error.
 *
 * @param latent  C×H×W.
 * @returns one bound per logit and region, in units of the logit.
 */
export function boundErrors(
  { program, ckks, input, output }: Pick<Compiled, 'program' | 'ckks' | 'input' | 'output'>,
  latent: ArrayLike<number>,
): Float64Array {
  const backend = ClearBackend.withNoise(program.slotCount, ckks.dataPrimes, ckks.specialPrime);
  const inputs = packPatches(latent, input, program.slotCount).map((slots) =>
    backend.value(slots, program.inputScale),
  );
  const result = run(program, inputs, backend, (index) => {
    const { values, level, scale } = program.plaintexts[index]!;
    return backend.encode(values, level, scale);
  });
  return gather([result.variance!], output.layout).map((variance) => deviations * Math.sqrt(variance));
}

/**
 * Predicts the largest error of a logit, in units of the logit: the largest of `boundErrors` on one reference latent of
 * unit variance.
 */
export function predictError(compiled: Pick<Compiled, 'program' | 'ckks' | 'input' | 'output'>): number {
  const { channels, height, width } = compiled.input;
  const latent = seededTensor(channels * height * width, 1, Math.sqrt(3));
  return boundErrors(compiled, latent).reduce((most, error) => Math.max(most, error), 0);
}
