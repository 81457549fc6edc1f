import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { NativeTasks } from '../he/run/kernel/memory.ts';

/** These are the instruction sets for which kernel/native is built, best first. */
export const instructionSets = ['avx512', 'avx2'] as const;
/** An instruction set names the vector instructions that a native kernel uses. */
export type InstructionSet = (typeof instructionSets)[number];

/** This is what kernel/native/addon.cc exports. */
type Addon = {
  readonly version: number;
  readonly sets: readonly InstructionSet[];
  open(bytes: Uint8Array, set: InstructionSet, threads: number): object;
  run(pool: object, task: number, ring: number, args: number, units: number): void;
  close(pool: object): void;
  trim(): void;
};

/** This number changes with the layout of the kernel's memory. An addon with another number is not loaded. */
const addonVersion = 3;
/** The addon lies beside the sources, or beside the bundled application. */
const places = ['native/build/Release/kernel.node', '../../kernel/native/build/Release/kernel.node'];

let loaded: Addon | null | undefined;

function load(): Addon | null {
  const path = places.map((place) => join(import.meta.dirname, place)).find((file) => existsSync(file));
  if (path === undefined) return null;
  try {
    const addon = createRequire(import.meta.url)(path) as Addon;
    return addon.version === addonVersion ? addon : null;
  } catch {
    // Built for another platform or by another compiler's libraries: WebAssembly does the same, slower.
    return null;
  }
}

/**
 * Lists the instruction sets for which a native kernel is built and which this processor has, best first. The list is
 * empty where there is no native kernel.
 */
export function nativeSets(): readonly InstructionSet[] {
  loaded ??= load();
  return instructionSets.filter((set) => loaded?.sets.includes(set));
}

/** Gives memory back that was freed but that the C library keeps for later. Without a native kernel it does nothing. */
export function trimHeap(): void {
  loaded ??= load();
  loaded?.trim();
}

/**
 * Opens the native tasks on the memory behind `bytes`, which must never move.
 *
 * @param threads  including the caller's.
 * @throws RangeError for an instruction set that is not there.
 */
export function openNative(set: InstructionSet, bytes: Uint8Array, threads: number): NativeTasks {
  if (!nativeSets().includes(set)) throw new RangeError(`no native kernel for ${set}: npm run native`);
  const addon = loaded!;
  const pool = addon.open(bytes, set, threads);
  return {
    run: (task, ring, args, units) => addon.run(pool, task, ring, args, units),
    [Symbol.dispose]: () => addon.close(pool),
  };
}
