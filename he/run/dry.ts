import type { Cost } from '../../contract/cost.ts';
import { DryBackend, type DryValue } from './backends/dry.ts';
import type { Runnable } from './in-clear.ts';
import { run } from './run.ts';

/**
 * Runs a compiled program without any numbers: operations are counted, levels and scales are followed. The shipped network
 * takes about half a second.
 *
 * @returns the output's level and scale, and what an encrypted run executes.
 */
export function runDry({ program, ckks }: Pick<Runnable, 'program' | 'ckks'>): {
  readonly output: DryValue;
  readonly cost: Cost;
} {
  const backend = new DryBackend(program.slotCount, ckks.dataPrimes);
  const inputs = Array.from({ length: program.inputCount }, () => backend.value(program.inputScale));
  const output = run(program, inputs, backend, (index) => {
    const { values, level, scale } = program.plaintexts[index]!;
    return backend.encode(values, level, scale);
  });
  return { output, cost: backend.cost };
}
