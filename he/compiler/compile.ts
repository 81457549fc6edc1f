import type { CkksLiteral, InputPacking, OutputPacking } from '../../contract/bundle.ts';
import { CxrError } from '../../contract/errors.ts';
import { ciphertextsOf, type SlotLayout } from '../layout.ts';
import { countNttPrimes, findNttPrimes, ringDegrees, securityLimit } from '../params.ts';
import type { Program } from '../program.ts';
import type { Graph, GraphLiteral } from './graph.ts';
import { depths, type FoldedNetwork, foldGraph } from './passes/fold.ts';
import { packNetwork, planPlacement } from './passes/pack.ts';
import { gatherPatches, type PatchForm } from './passes/patches.ts';
import { placeValues, type Strategy, strategies } from './passes/place.ts';
import { predictError } from './predict.ts';

/** A ring and the sizes of its primes; the number of data primes follows from the network's levels. */
export type RingChoice = {
  readonly polyModulusDegree: number;
  /** Bits of every data prime and of the scale. */
  readonly primeBits: number;
  /**
   * Bits of the special prime: 30 for our kernel. SEAL leaves digits in [0, q), which needs 36 bits or more for a noise
   * that is flat over the slots.
   */
  readonly specialPrimeBits: number;
};

export type CompileOptions = {
  /** Left out: the smallest that gives `precision` at 128 bits. */
  readonly ring?: RingChoice;
  /** Left out: the cheapest. */
  readonly strategy?: Strategy;
  /** Largest predicted error of a logit; ignored when `ring` is given. Default 5e-3. */
  readonly precision?: number;
  /** Lets a chain exceed 128-bit security, for reports on what a network would need. Default false. */
  readonly beyondSecurity?: boolean;
};

export type Compiled = {
  readonly program: Program;
  readonly ckks: CkksLiteral;
  readonly input: InputPacking;
  readonly output: OutputPacking;
  /** Data primes of the result and its scale. */
  readonly result: { readonly primes: number; readonly scale: number };
  readonly strategy: Strategy;
  /** Expected largest error of a logit on a latent of unit variance (twelve standard deviations); null when not asked. */
  readonly predictedError: number | null;
};

/** Data primes left when the result is returned: two, so that the last map keeps its full plaintext scale. */
export const resultPrimes = 2;
/** Bits that the last map's plaintexts gain at the expense of its inputs. */
const headBits = 4;
const defaultPrecision = 5e-3;
/** Below this, rescaling noise alone exceeds any useful precision. */
const leastPrimeBits = 20;
/** A rotation costs about as much as this many products, on every backend. */
const productsPerRotation = 20;

/**
 * Compiles a trained graph to an encrypted program: fold, gather patches on the client, place, pack (with levels).
 *
 * @throws CxrError `graph-unsupported`, `graph-too-deep`, `graph-imprecise` with what to change.
 */
export function compile(graph: Graph, options: CompileOptions = {}): Compiled {
  const { network, form } = gatherPatches(graph, foldGraph(graph));
  const front: FrontEnd = { graph, network, form, options };
  try {
    return options.ring === undefined ? chooseRing(front) : build(front, options.ring);
  } catch (error) {
    throw inTermsOfNodes(error, network);
  }
}

/** Passes name layers; the author of a graph knows its nodes. */
function inTermsOfNodes(error: unknown, { origins }: FoldedNetwork): unknown {
  if (!(error instanceof CxrError)) return error;
  const node = origins.get(String(error.detail.node));
  return node === undefined ? error : new CxrError(error.code, { ...error.detail, node }, { cause: error });
}

/** The ring of written parameters, so that a network compiles to the same program again. */
export function ringOf(ckks: CkksLiteral): RingChoice {
  const bits = (prime: string) => BigInt(prime).toString(2).length;
  return {
    polyModulusDegree: ckks.polyModulusDegree,
    primeBits: ckks.scaleBits,
    specialPrimeBits: bits(ckks.specialPrime),
  };
}

type FrontEnd = {
  readonly graph: Graph;
  readonly network: FoldedNetwork;
  readonly form: PatchForm;
  readonly options: CompileOptions;
};

/** Levels from input to result. */
const levelsOfNetwork = ({ network }: FrontEnd): number => depths(network.layers).get(network.output)!;
const primesFor = (levels: number): number => Math.max(levels - 1, 0) + resultPrimes;

function chooseRing(front: FrontEnd): Compiled {
  const levels = levelsOfNetwork(front);
  const wanted = front.options.precision ?? defaultPrecision;
  let best: Compiled | undefined;
  for (const polyModulusDegree of ringDegrees) {
    const ring = ringWith(polyModulusDegree, primesFor(levels));
    if (ring === null) continue;
    const built = build(front, ring);
    const predictedError = predictError(built);
    const compiled = { ...built, predictedError };
    if (predictedError <= wanted) return compiled;
    if (best === undefined || predictedError < best.predictedError!) best = compiled;
  }
  if (best !== undefined) {
    const short = Math.ceil(Math.log2(best.predictedError! / wanted));
    throw new CxrError('graph-imprecise', {
      node: front.network.output,
      reason: Number.isFinite(short)
        ? `precision short by ${short} bits: scale the weights before it down, or ask for less`
        : 'values without bound: check weights and batch norms',
      got: best.predictedError!,
      expected: wanted,
    });
  }
  const most = mostLevels();
  if (front.options.beyondSecurity === true)
    return {
      ...build(front, {
        polyModulusDegree: 32768,
        primeBits: largestPrimeBits,
        specialPrimeBits,
      }),
    };
  const depth = depths(front.network.layers);
  throw new CxrError('graph-too-deep', {
    node: front.network.layers.find(({ id }) => depth.get(id)! > most)?.id ?? front.network.output,
    reason: `levels short by ${levels - most}: remove layers or gates from here on`,
    got: levels,
    expected: most,
  });
}

/** Deepest network that any ring holds at 128 bits: small primes are many in the limit, but few exist. */
function mostLevels(): number {
  const [degree, limit] = [32768, securityLimit(32768)] as const;
  const primes = Array.from({ length: 31 - leastPrimeBits }, (_, index) => leastPrimeBits + index).map(
    (bits) => Math.min(Math.floor((limit - specialPrimeBits) / bits), countNttPrimes(degree, bits)),
  );
  return Math.max(...primes) - resultPrimes + 1;
}

/** The kernel's lanes hold primes below 2^30, the special one included; centred digits keep its noise flat. */
const largestPrimeBits = 30;
const specialPrimeBits = largestPrimeBits;

/** The largest primes that are enough in number and fit: precision only grows with them. */
function ringWith(polyModulusDegree: (typeof ringDegrees)[number], primes: number): RingChoice | null {
  const limit = securityLimit(polyModulusDegree);
  const fits = (primeBits: number) => {
    const wanted = primes + (primeBits === specialPrimeBits ? 1 : 0);
    const exist = countNttPrimes(polyModulusDegree, primeBits, wanted) === wanted;
    return exist && primes * primeBits + specialPrimeBits <= limit;
  };
  for (let primeBits = largestPrimeBits; primeBits >= leastPrimeBits; primeBits -= 1)
    if (fits(primeBits)) return { polyModulusDegree, primeBits, specialPrimeBits };
  return null;
}

function build(front: FrontEnd, ring: RingChoice): Compiled {
  const { graph, network, form } = front;
  const slotCount = ring.polyModulusDegree / 2;
  const { placement, plans } = choosePlacement(front, slotCount);
  const primes = choosePrimes(ring, primesFor(levelsOfNetwork(front)));
  const outputBits = bitsOfResult(primes.data, ring.primeBits, graph.literal);
  const program = packNetwork(network, placement, plans, {
    slotCount,
    primes: primes.data,
    scale: 2 ** ring.primeBits,
    headBits,
    outputScale: 2 ** outputBits,
    resultPrimes,
  });
  const input = placement.layouts.get('input')!;
  const output = placement.layouts.get(network.output)!;
  return {
    program,
    ckks: {
      polyModulusDegree: ring.polyModulusDegree,
      dataPrimes: primes.data.map(String),
      specialPrime: String(primes.special),
      scaleBits: ring.primeBits,
    },
    input: { ...form, ciphertexts: ciphertextsOf(input, slotCount), layout: input },
    output: { count: output.shape[0], layout: output as SlotLayout },
    result: { primes: program.outputLevel, scale: program.outputScale },
    strategy: placement.strategy,
    predictedError: null,
  };
}

/** The strategy that executes least, with its giant steps. */
function choosePlacement({ network, options }: FrontEnd, slotCount: number) {
  const tried = options.strategy === undefined ? strategies : [options.strategy];
  const placed = tried.map((strategy) => {
    const placement = placeValues(network, slotCount, strategy);
    const { plans, estimate } = planPlacement(network, placement, slotCount);
    return { placement, plans, cost: estimate.products + productsPerRotation * estimate.rotations };
  });
  return placed.reduce((best, other) => (other.cost < best.cost ? other : best));
}

function choosePrimes(ring: RingChoice, count: number): { data: bigint[]; special: bigint } {
  const special = findNttPrimes(ring.polyModulusDegree, ring.specialPrimeBits, 1)[0]!;
  const data = findNttPrimes(ring.polyModulusDegree, ring.primeBits, count, [special]);
  return { data, special };
}

/** Bits of the result's scale, so that |logit| up to the bound (and one bit more) fits the two last primes. */
function bitsOfResult(
  primes: readonly bigint[],
  scaleBits: number,
  { output, outputBound }: GraphLiteral,
): number {
  const capacity = Math.log2(Number(primes[0])) + Math.log2(Number(primes[1]));
  const bits = Math.floor(capacity - 1 - Math.log2(outputBound) - 1);
  if (bits < scaleBits + 12)
    throw new CxrError('graph-imprecise', {
      node: output,
      reason: 'outputBound leaves too little precision: give the largest logit expected',
      got: bits,
      expected: scaleBits + 12,
    });
  return bits;
}
