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

/**
 * A ring degree and the sizes of its primes. The number of data primes is not chosen: it follows from the levels of the
 * network.
 */
export type RingChoice = {
  readonly polyModulusDegree: number;
  /**
   * Bits of every data prime and of the scale. They are equal, so that a rescale after a product brings the scale back
   * to where it was.
   */
  readonly primeBits: number;
  /**
   * Bits of the special prime. Our kernel, whose digits are centred, needs 30. SEAL keeps digits in [0, q) and needs 36
   * or more, so that its noise is the same in all slots.
   */
  readonly specialPrimeBits: number;
};

/** What the caller may decide about a compilation; everything that is left out is chosen. */
export type CompileOptions = {
  /** The ring. When it is left out, the smallest one is taken that gives `precision` at 128-bit security. */
  readonly ring?: RingChoice;
  /** The way in which slots are laid out. When it is left out, the cheapest is taken. */
  readonly strategy?: Strategy;
  /** The largest predicted error of a logit. It counts only when `ring` is left out. Default: 5e-3. */
  readonly precision?: number;
  /** Lets the primes exceed 128-bit security, for reports on what a deeper network would need. Default: false. */
  readonly beyondSecurity?: boolean;
};

/**
 * A compiled network: the program that the evaluator runs, and what the workstation must know to encrypt for it and to
 * read its result.
 */
export type Compiled = {
  readonly program: Program;
  readonly ckks: CkksLiteral;
  readonly input: InputPacking;
  readonly output: OutputPacking;
  /** Data primes of the result, and its scale. */
  readonly result: { readonly primes: number; readonly scale: number };
  readonly strategy: Strategy;
  /**
   * The bound on the error of a logit that is expected on a latent of unit variance, in units of the logit: twelve
   * standard deviations of the noise. It is null when it was not asked for.
   */
  readonly predictedError: number | null;
};

/**
 * Data primes that are left when the result is returned. There are two, so that the last linear map need not be
 * rescaled and its weights keep their full precision.
 */
export const resultPrimes = 2;
/** Bits of scale that the last map's plaintexts gain and its inputs lose. The inputs have precision to spare. */
const headBits = 4;
const defaultPrecision = 5e-3;
/** The fewest bits of a data prime. With fewer, the rounding of rescales alone exceeds any useful precision. */
const leastPrimeBits = 20;
/** The cost of a rotation, in plaintext products; it is about the same on every backend. */
const productsPerRotation = 20;

/**
 * Compiles a trained graph to an encrypted program. The passes are: fold the graph into linear maps and squares, move
 * the gathering of patches to the workstation, place every value in slots, and pack, which writes the instructions and
 * fixes their levels.
 *
 * @throws CxrError `graph-unsupported`, `graph-too-deep` or `graph-imprecise`, each with the node and what to change.
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

/**
 * Renames the layer in an error to the node from which it was made. Passes know layers, but the author of a graph knows
 * its nodes.
 */
function inTermsOfNodes(error: unknown, { origins }: FoldedNetwork): unknown {
  if (!(error instanceof CxrError)) return error;
  const node = origins.get(String(error.detail.node));
  return node === undefined ? error : new CxrError(error.code, { ...error.detail, node }, { cause: error });
}

/** Reads the ring from written parameters, so that a network compiles to the same program again. */
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

/** The levels that a value passes from the input to the result. */
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

/**
 * Computes the levels of the deepest network that any ring holds at 128-bit security. More primes fit when they are
 * small, but few small ones are 1 modulo 2N.
 */
function mostLevels(): number {
  const [degree, limit] = [32768, securityLimit(32768)] as const;
  const primes = Array.from({ length: 31 - leastPrimeBits }, (_, index) => leastPrimeBits + index).map(
    (bits) => Math.min(Math.floor((limit - specialPrimeBits) / bits), countNttPrimes(degree, bits)),
  );
  return Math.max(...primes) - resultPrimes + 1;
}

/**
 * The kernel keeps a residue in a 32-bit lane, which holds primes below 2^30. The special prime may be as small as the
 * data primes, because centred digits keep the noise of a key switch flat.
 */
const largestPrimeBits = 30;
const specialPrimeBits = largestPrimeBits;

/**
 * Chooses primes for a ring degree: the largest ones of which there are enough and whose product satisfies the security
 * tables. Precision only grows with the size of the primes. The result is null when no size fits.
 */
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

/** Tries each strategy and takes the one that executes least, with its giant steps. */
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

/**
 * Computes the bits of the result's scale. They are as many as let a logit up to the graph's `outputBound`, and one bit
 * more, fit into the two last primes.
 */
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
