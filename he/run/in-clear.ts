import type { InputPacking } from '../../contract/bundle.ts';
import { packPatches } from '../layout.ts';
import type { Program } from '../program.ts';
import { ClearBackend, type ClearValue } from './backends/clear.ts';
import { run } from './run.ts';

/** A program and how its input is packed: what `compile` returns is one, and a program beside its bundle's description. */
export type Runnable = {
  readonly program: Program;
  readonly ckks: { readonly dataPrimes: readonly string[] };
  readonly input: InputPacking;
};

/**
 * Packs a latent into slots and runs a compiled program on them in plain numbers. The result is what the encrypted run
 * would give without the noise of encryption. The shipped network takes about half a second.
 *
 * @param latent  C×H×W as `input` says.
 * @param backend  another one also carries the noise (`ClearBackend.withNoise`).
 * @returns the program's output; `gather` reads elements from its slots.
 */
export function runInClear(
  { program, ckks, input }: Runnable,
  latent: ArrayLike<number>,
  backend = new ClearBackend(program.slotCount, ckks.dataPrimes),
): ClearValue {
  const inputs = packPatches(latent, input, program.slotCount).map((slots) =>
    backend.value(slots, program.inputScale),
  );
  return run(program, inputs, backend, (index) => {
    const { values, level, scale } = program.plaintexts[index]!;
    return backend.encode(values, level, scale);
  });
}
