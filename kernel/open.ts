import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { type HelperStart, KernelMemory } from '../he/run/kernel/memory.ts';
import { type InstructionSet, nativeSets, openNative } from './native.ts';
import { kernelBase64 } from './wasm.ts';

/**
 * These are the ways to compute. `wasm` runs everywhere; the others need a native kernel (`npm run native`) and a
 * processor that has the instructions.
 */
export const arithmetics = ['wasm', 'avx2', 'avx512'] as const;
/** An arithmetic names one of these ways. All of them give the same bits. */
export type Arithmetic = (typeof arithmetics)[number];
/** Finds the fastest arithmetic that there is on this machine. */
export const fastestArithmetic = (): Arithmetic => nativeSets()[0] ?? 'wasm';

/** These options choose the arithmetic and limit the memory. */
export type KernelOptions = {
  /** The kernel computes in this way; with `wasm` when it is left out. */
  readonly arithmetic?: Arithmetic;
  /** The memory may never take more bytes than this; 4 GiB is the limit when it is left out. */
  readonly limitBytes?: number;
};

/** This is the body of a helper thread. It is text, because it needs nothing that a bundler would have to find. */
const helperSource = `
const { parentPort, workerData } = require('node:worker_threads');
const { module, memory, control, thread } = workerData;
const { serve } = new WebAssembly.Instance(module, { env: { memory } }).exports;
parentPort.postMessage('ready');
serve(control, thread);
`;

let compiled: Promise<WebAssembly.Module> | undefined;

/**
 * Opens the kernel on a fresh memory and starts its threads.
 *
 * @param threads  including the caller's.
 * @returns the memory, which the caller disposes of.
 * @throws RangeError for an arithmetic that is not there.
 */
export async function openKernel(
  threads: number,
  { arithmetic = 'wasm', limitBytes }: KernelOptions = {},
): Promise<KernelMemory> {
  compiled ??= WebAssembly.compile(Buffer.from(kernelBase64, 'base64'));
  const started: Promise<unknown>[] = [];
  const startHelper = (start: HelperStart): Disposable => {
    const helper = new Worker(helperSource, { eval: true, workerData: start, env: {}, stdin: false });
    // One that does not start would be waited for for ever; once started, it keeps no process from ending.
    started.push(once(helper, 'message').then(() => helper.unref()));
    return { [Symbol.dispose]: () => void helper.terminate() };
  };
  const memory = new KernelMemory(await compiled, threads, startHelper, {
    limitBytes,
    native: arithmetic === 'wasm' ? undefined : onNative(arithmetic),
  });
  try {
    await Promise.all(started);
  } catch (error) {
    memory[Symbol.dispose]();
    throw error;
  }
  return memory;
}

const onNative = (set: InstructionSet) => (bytes: Uint8Array, threads: number) =>
  openNative(set, bytes, threads);
