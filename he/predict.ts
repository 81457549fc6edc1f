import { ClearBackend } from './backends/clear.ts';
import type { Compiled } from './compile.ts';
import { seededTensor } from './graph.ts';
import { gather, packPatches } from './layout.ts';
import { run } from './run.ts';

/**
 * Expected largest error of a compiled program's output, from the noise that every CKKS operation adds (see
 * `ClearBackend.withNoise`), on one reference latent of unit variance: six standard deviations of the worst element.
 */
export function predictError(compiled: Pick<Compiled, 'program' | 'ckks' | 'input' | 'output'>): number {
  const { program, ckks, input, output } = compiled;
  const latent = seededTensor(input.channels * input.height * input.width, 1, Math.sqrt(3));
  const backend = ClearBackend.withNoise(program.slotCount, ckks.dataPrimes, ckks.specialPrime);
  const inputs = packPatches(latent, input, program.slotCount).map((slots) =>
    backend.value(slots, program.inputScale),
  );
  const result = run(program, inputs, backend, (index) => {
    const { values, level, scale } = program.plaintexts[index]!;
    return backend.encode(values, level, scale);
  });
  const variance = gather([result.variance!], output.layout);
  return 6 * Math.sqrt(variance.reduce((most, value) => Math.max(most, value), 0));
}
