import type { CkksLiteral, InputPacking, OutputPacking } from '../../contract/bundle.ts';
import { gather } from '../layout.ts';
import type { Program } from '../program.ts';
import { ClearBackend } from '../run/backends/clear.ts';
import { runInClear } from '../run/in-clear.ts';
import { seededTensor } from '../seeded-tensor.ts';

/**
 * So many standard deviations lie between the expected error and the bound that is reported. A Gaussian error would
 * need six. Here a rounding error is multiplied by the secret, and the product of two such numbers has exponential
 * tails: twelve leave 2^-24. Besides, values that share a source have errors that share it too, which a sum of
 * variances does not see (in some random networks this is a factor of about two).
 */
const deviations = 12;

/** What a prediction needs of a compiled network: the program, its primes and how values lie in its slots. */
type Predictable = {
  readonly program: Program;
  readonly ckks: CkksLiteral;
  readonly input: InputPacking;
  readonly output: OutputPacking;
};

/**
 * Bounds the error of every output element of a compiled program for one latent: twelve standard deviations of the
 * noise that its CKKS operations add. The program is run on plain numbers (`ClearBackend.withNoise`) that carry the
 * variance of their error.
 *
 * @param latent  C×H×W.
 * @returns one bound per logit and region, in units of the logit.
 */
export function boundErrors(compiled: Predictable, latent: ArrayLike<number>): Float64Array {
  const { program, ckks, output } = compiled;
  const backend = ClearBackend.withNoise(program.slotCount, ckks.dataPrimes, ckks.specialPrime);
  const { variance } = runInClear(compiled, latent, backend);
  return gather([variance!], output.layout).map((of) => deviations * Math.sqrt(of));
}

/**
 * Predicts the largest error of a logit, in units of the logit: the largest of `boundErrors` on one reference latent of
 * unit variance.
 */
export function predictError(compiled: Predictable): number {
  const { channels, height, width } = compiled.input;
  const latent = seededTensor(channels * height * width, 1, Math.sqrt(3));
  return boundErrors(compiled, latent).reduce((most, error) => Math.max(most, error), 0);
}
