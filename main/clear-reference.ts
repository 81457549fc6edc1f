import { ClearBackend } from '../he/backends/clear.ts';
import { readRegions, sumRegions } from '../he/client.ts';
import { packPatches } from '../he/layout.ts';
import { run } from '../he/run.ts';
import type { ServerHalf } from '../native-models/bundle.ts';

/**
 * The same compiled program on plain numbers: what the encrypted run would give without encryption noise.
 * For demonstrations, evaluation and tests, where both halves of a bundle are at hand.
 *
 * @param latent  C×H×W.
 * @returns one logit per finding and region.
 */
export function clearRegions(half: ServerHalf, latent: Float32Array): Float64Array {
  const { program, description } = half;
  const backend = new ClearBackend(program.slotCount, description.ckks.dataPrimes);
  const inputs = packPatches(latent, description.input, program.slotCount).map((slots) =>
    backend.value(slots, program.inputScale),
  );
  const output = run(program, inputs, backend, (index) => {
    const { values, level, scale } = program.plaintexts[index]!;
    return backend.encode(values, level, scale);
  });
  return readRegions(output.slots, description);
}

/** One logit per finding. */
export const clearLogits = (half: ServerHalf, latent: Float32Array): Float64Array =>
  sumRegions(clearRegions(half, latent), half.description.output.count);
