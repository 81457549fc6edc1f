import { periodOf, type SlotLayout, slotTable } from '../../layout.ts';
import { forEachWeight, type LinearMap } from '../linear-map.ts';

/**
 * This is a linear map in the form that ciphertexts can compute: rotations and slot-wise products. Halevi and Shoup's
 * *diagonals* give it: out = Σ_r diagonal_r ⊙ rotate(in, r), where rotate(in, r) has the slot i + r of `in` in slot i.
 *
 * Smallest case: a 4×4 matrix on a vector in 4 slots. Slot i of diagonal r is the weight of row i and column i + r,
 * modulo 4:
 *
 *     11 12 13 14       diagonal 0: 11 22 33 44
 *     21 22 23 24       diagonal 1: 12 23 34 41
 *     31 32 33 34       diagonal 2: 13 24 31 42
 *     41 42 43 44       diagonal 3: 14 21 32 43
 *
 * For tensors that repeat, rotations are taken modulo the shorter of the two periods. When the result repeats faster
 * than the input, the products leave partial sums in the result's replicas. The *fold* adds these up by rotations by
 * `fold.from`, 2·`fold.from`, …, `fold.to`/2, and so fills all replicas.
 *
 * Smallest case of a fold: the first two rows alone, from a period of 4 to one of 2. Two diagonals remain, 11 22 13 24
 * and 12 23 14 21. On the input 1 2 3 4 they leave 35 113 95 117; one rotation by 2 adds 35 + 95 = 130 and 113 + 117 =
 * 230, which is the result, twice.
 *
 * @see S. Halevi, V. Shoup, "Algorithms in HElib", CRYPTO 2014, ia.cr/2014/106.
 */
export type DiagonalForm = {
  readonly diagonals: readonly Diagonal[];
  /** How many ciphertexts the result has. */
  readonly outputs: number;
  /** The rotations that add up the replicas; null when there is nothing to add. */
  readonly fold: Fold | null;
};
/**
 * A fold goes from one period to another: it rotates by `from`, 2·`from`, …, `to`/2 and adds each time. Cost:
 * log2(to/from) rotations, 0 levels.
 */
export type Fold = { readonly from: number; readonly to: number };
/** A diagonal is one product of a map: its place and the weights in its slots. */
export type Diagonal = Place & { readonly values: Float64Array };
/** This many rows and columns show everything about where a map reads: they hold all phases of three strides of 2. */
export const planningWindow = 8;
/**
 * A place names one product of a map: which input ciphertext, rotated by how many slots, contributes to which output
 * ciphertext.
 */
export type Place = { readonly input: number; readonly output: number; readonly rotation: number };

/**
 * Visits every weight with the place of its product. `slot` is the one of the output's slots at which the rotated input
 * arrives.
 */
function forEachPlace(
  map: LinearMap,
  from: SlotLayout,
  to: SlotLayout,
  slotCount: number,
  visit: (input: number, output: number, rotation: number, slot: number, weight: number) => void,
  window?: number,
): { inputs: number; outputs: number; fold: Fold | null } {
  const [source, target] = [slotTable(from, slotCount), slotTable(to, slotCount)];
  const [fromPeriod, toPeriod] = [periodOf(from, slotCount), periodOf(to, slotCount)];
  const shorter = Math.min(fromPeriod, toPeriod);
  forEachWeight(
    map,
    (out, input, weight) => {
      if (weight === 0) return;
      const distance = source.slot[input]! - target.slot[out]!;
      // Periods are powers of two: the bits below are the remainder, also of a negative number.
      const rotation = distance & (shorter - 1);
      const slot = target.slot[out]! + ((distance - rotation) & (fromPeriod - 1));
      visit(source.ciphertext[input]!, target.ciphertext[out]!, rotation, slot, weight);
    },
    window,
  );
  return {
    inputs: source.ciphertexts,
    outputs: target.ciphertexts,
    fold: fromPeriod > toPeriod ? { from: toPeriod, to: fromPeriod } : null,
  };
}

/**
 * Memory is taken in pieces of this size. One large piece goes back to the system as a whole; thousands of small pieces
 * do not.
 */
const poolBytes = 2 ** 26;

/** Hands out vectors of zeros that are cut from large pieces of memory. */
function vectorPool(slotCount: number): () => Float64Array {
  const perPiece = Math.ceil(poolBytes / (8 * slotCount));
  let piece = new Float64Array(0);
  let next = 0;
  return () => {
    if (next === piece.length) {
      piece = new Float64Array(perPiece * slotCount);
      next = 0;
    }
    next += slotCount;
    return piece.subarray(next - slotCount, next);
  };
}

/**
 * Computes the diagonals of a map between two layouts: the products, where they lie, and the weights in their slots.
 *
 * @param from  layout of the input.
 * @param to    layout of the output.
 */
export function diagonalForm(
  map: LinearMap,
  from: SlotLayout,
  to: SlotLayout,
  slotCount: number,
): DiagonalForm {
  const inputs = slotTable(from, slotCount).ciphertexts;
  const byPair: (Float64Array | undefined)[][] = [];
  const take = vectorPool(slotCount);
  const form = forEachPlace(map, from, to, slotCount, (input, output, rotation, slot, weight) => {
    const pair = output * inputs + input;
    byPair[pair] ??= new Array<Float64Array | undefined>(slotCount);
    const rotations = byPair[pair];
    rotations[rotation] ??= take();
    rotations[rotation][slot % slotCount]! += weight;
  });
  const period = Math.max(periodOf(from, slotCount), periodOf(to, slotCount));
  const diagonals: Diagonal[] = [];
  for (const [pair, rotations] of byPair.entries()) {
    for (const [rotation, values] of rotations?.entries() ?? []) {
      if (values === undefined) continue;
      if (period < slotCount) repeatEvery(values, period);
      diagonals.push({ input: pair % inputs, output: Math.floor(pair / inputs), rotation, values });
    }
  }
  return { diagonals, outputs: form.outputs, fold: form.fold };
}

/** Adds up what lies at distance `period` and writes the sum to all these slots. */
function repeatEvery(values: Float64Array, period: number): void {
  for (let slot = period; slot < values.length; slot += 1) values[slot % period]! += values[slot]!;
  for (let slot = period; slot < values.length; slot += 1) values[slot] = values[slot % period]!;
}

/**
 * Finds the places of a map's products without their weights; a compiler that compares layouts needs no more. It looks
 * only at the middle of the grid, because the border reads nothing that the middle does not.
 */
export function diagonalPlaces(
  map: LinearMap,
  from: SlotLayout,
  to: SlotLayout,
  slotCount: number,
): { places: Place[]; outputs: number; fold: Fold | null } {
  const inputs = slotTable(from, slotCount).ciphertexts;
  const seen: Uint8Array[] = [];
  const places: Place[] = [];
  const { outputs, fold } = forEachPlace(
    map,
    from,
    to,
    slotCount,
    (input, output, rotation) => {
      const pair = output * inputs + input;
      seen[pair] ??= new Uint8Array(slotCount);
      if (seen[pair][rotation] === 1) return;
      seen[pair][rotation] = 1;
      places.push({ input, output, rotation });
    },
    planningWindow,
  );
  return { places, outputs, fold };
}
