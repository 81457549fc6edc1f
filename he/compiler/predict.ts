import type { CkksLiteral, InputPacking, OutputPacking } from '../../contract/bundle.ts';
import { gather, packPatches } from '../layout.ts';
import type { Program } from '../program.ts';
import { ClearBackend } from '../run/backends/clear.ts';
import { run } from '../run/run.ts';
import { seededTensor } from '../seeded-tensor.ts';

/**
 * Standard deviations between the expected error and the bound that is reported. More than the six of a Gaussian: a
 * rounding error meets the secret, and the product of two such numbers has exponential tails (2^-24 beyond twelve); and
 * values that share a source have errors that share it too, which the sum of their variances does not see (about
 * twice in some random networks).
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
 * Bound on the error of every element of a compiled program's output for one latent, from the noise that each CKKS
 * operation adds (`ClearBackend.withNoise`): twelve standard deviations.
 */
export function boundErrors(
  { program, ckks, input, output }: Predictable,
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

/** The largest of these bounds on one reference latent of unit variance. */
export function predictError(compiled: Predictable): number {
  const { channels, height, width } = compiled.input;
  const latent = seededTensor(channels * height * width, 1, Math.sqrt(3));
  return boundErrors(compiled, latent).reduce((most, error) => Math.max(most, error), 0);
}
