import type { BundleDescription } from '../../contract/bundle.ts';
import { packPatches } from '../layout.ts';
import type { Program } from '../program.ts';
import { ClearBackend } from '../run/backends/clear.ts';
import { run } from '../run/run.ts';
import { readRegions } from './encryption.ts';

/**
 * Runs a compiled program on plain numbers. The result is what the encrypted run would give without encryption noise.
 *
 * @param latent  C×H×W.
 * @returns one logit per finding and region.
 * @throws CxrError `result-range` for logits that are not finite or out of bound.
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
