import type { CkksLiteral, InputPacking, OutputPacking } from '../contract/bundle.ts';
import { CxrError } from '../contract/errors.ts';
import type { Graph } from './graph.ts';
import type { GridLayout } from './layout.ts';
import { findNttPrimes } from './params.ts';
import { type FoldedNetwork, foldGraph } from './passes/fold.ts';
import { packNetwork } from './passes/pack.ts';
import { gatherPatches } from './passes/patches.ts';
import { placeValues } from './passes/place.ts';
import type { Program } from './program.ts';

export type CompileOptions = {
  readonly polyModulusDegree: number;
  /** Bits of every data prime and of the scale. */
  readonly primeBits: number;
  /** Bits of the special prime; at least 36 keeps key-switching noise flat over the slots. */
  readonly specialPrimeBits: number;
};
export const defaultCompileOptions: CompileOptions = {
  polyModulusDegree: 16384,
  primeBits: 30,
  specialPrimeBits: 40,
};

export type Compiled = {
  readonly program: Program;
  readonly ckks: CkksLiteral;
  readonly input: InputPacking;
  readonly output: OutputPacking;
  /** Data primes of the result and its scale. */
  readonly result: { readonly primes: number; readonly scale: number };
};

/** Data primes left when the result is returned: two, so that the last map keeps its full plaintext scale. */
const resultPrimes = 2;
const lastPlaintextBits = 24;

/**
 * Compiles a trained graph to an encrypted program: fold, gather patches on the client, place, pack (with levels).
 *
 * @throws CxrError `graph-unsupported`, `graph-too-deep` with what to change.
 */
export function compile(graph: Graph, options: CompileOptions = defaultCompileOptions): Compiled {
  const { network, form } = gatherPatches(graph, foldGraph(graph));
  const slotCount = options.polyModulusDegree / 2;
  const layouts = placeValues(network, slotCount);
  const levels = depthOf(network);
  const primes = choosePrimes(options, levels - 1 + resultPrimes);
  const scale = 2 ** options.primeBits;
  const lastScale =
    2 ** Math.min(lastPlaintextBits, spareBits(primes.data, options.primeBits, graph.literal.outputBound));
  const program = packNetwork(network, layouts, { slotCount, primes: primes.data, scale, lastScale, levels });
  const output = layouts.get(network.output)!;
  if (output.kind !== 'periodic')
    throw new CxrError('graph-unsupported', { node: network.output, reason: 'output must be a vector' });
  return {
    program,
    ckks: {
      polyModulusDegree: options.polyModulusDegree,
      dataPrimes: primes.data.map(String),
      specialPrime: String(primes.special),
      scaleBits: options.primeBits,
    },
    input: inputPacking(form, layouts.get('input') as GridLayout),
    output,
    result: { primes: program.outputLevel, scale: program.outputScale },
  };
}

function inputPacking(form: ReturnType<typeof gatherPatches>['form'], layout: GridLayout): InputPacking {
  return {
    ...form,
    phases: [...layout.phases] as [number, number],
    grid: [...layout.grid] as [number, number],
    featuresPerCiphertext: layout.channelsPerCiphertext,
    ciphertexts: layout.ciphertexts,
    displacement: layout.displacement,
  };
}

/** Longest chain of maps, squares and products. */
export function depthOf(network: FoldedNetwork): number {
  const depth = new Map<string, number>([['input', 0]]);
  for (const layer of network.layers) {
    const inputs = layer.kind === 'product' ? [layer.left, layer.right] : [layer.input];
    depth.set(layer.id, Math.max(...inputs.map((id) => depth.get(id)!)) + (layer.kind === 'shift' ? 0 : 1));
  }
  return depth.get(network.output)!;
}

function choosePrimes(options: CompileOptions, count: number): { data: bigint[]; special: bigint } {
  const data = findNttPrimes(options.polyModulusDegree, options.primeBits, count);
  const special = findNttPrimes(options.polyModulusDegree, options.specialPrimeBits, 1, data)[0]!;
  return { data, special };
}

/** Bits left for the last plaintext scale, so that |logit| up to the bound (and one bit more) fits the two last primes. */
function spareBits(primes: readonly bigint[], scaleBits: number, bound: number): number {
  const capacity = Math.log2(Number(primes[0])) + Math.log2(Number(primes[1]));
  const bits = Math.floor(capacity - 1 - scaleBits - Math.log2(bound) - 1);
  if (bits < 12)
    throw new CxrError('graph-too-deep', {
      reason: 'output bound leaves too little precision',
      got: bits,
      expected: 12,
    });
  return bits;
}
