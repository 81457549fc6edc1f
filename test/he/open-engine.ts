import type { CkksParams } from '../../he/params.ts';
import type { KernelMemory } from '../../he/run/kernel/memory.ts';
import type { EvaluatorBudgets } from '../../he/server/engine.ts';
import { KernelEngine } from '../../he/server/kernel-engine.ts';
import { openKernel } from '../../kernel/open.ts';

const memories = new Map<number, Promise<KernelMemory>>();

/** The kernel on a memory that the tests of one file share. */
export async function openEngine(
  params: CkksParams,
  { threads = 1, budgets }: { threads?: number; budgets?: EvaluatorBudgets } = {},
): Promise<KernelEngine> {
  const known = memories.get(threads) ?? openKernel(threads);
  memories.set(threads, known);
  return new KernelEngine(await known, params, budgets);
}
