import type { BundleDescription } from '../contract/bundle.ts';
import { ClearBackend } from './backends/clear.ts';
import { readRegions } from './client.ts';
import { packPatches } from './layout.ts';
import type { Program } from './program.ts';
import { run } from './run.ts';

/**
 * A compiled program on plain numbers: what the encrypted run would give without encryption noise.
 *
 * @param latent  C×H×W.
 * @returns one logit per finding and region.
 * @throws CxrError `result-range`.
 */
export function regionsInClear(
  program: Program,
  description: BundleDescription,
  latent: Float32Array,
): Float64Array {
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
