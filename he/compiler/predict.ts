import { gather } from '../layout.ts';
import { ClearBackend } from '../run/backends/clear.ts';
import { runInClear } from '../run/in-clear.ts';
import type { Compiled } from './compile.ts';
import { seededTensor } from './graph.ts';

/**
 * Standard deviations between the expected error and the bound that is reported. More than the six of a Gaussian: a
 * rounding error meets the secret, and the product of two such numbers has exponential tails (2^-24 beyond twelve); and
 * values that share a source have errors that share it too, which the sum of their variances does not see (about
 * twice in some random networks).
 */
const deviations = 12;

/**
 * Bound on the error of every element of a compiled program's output for one latent, from the noise that each CKKS
 * operation adds (`ClearBackend.withNoise`): twelve standard deviations.
 */
export function boundErrors(
  compiled: Pick<Compiled, 'program' | 'ckks' | 'input' | 'output'>,
  latent: ArrayLike<number>,
): Float64Array {
  const { program, ckks, output } = compiled;
  const backend = ClearBackend.withNoise(program.slotCount, ckks.dataPrimes, ckks.specialPrime);
  const { variance } = runInClear(compiled, latent, backend);
  return gather([variance!], output.layout).map((of) => deviations * Math.sqrt(of));
}

/** The largest of these bounds on one reference latent of unit variance. */
export function predictError(compiled: Pick<Compiled, 'program' | 'ckks' | 'input' | 'output'>): number {
  const { channels, height, width } = compiled.input;
  const latent = seededTensor(channels * height * width, 1, Math.sqrt(3));
  return boundErrors(compiled, latent).reduce((most, error) => Math.max(most, error), 0);
}
