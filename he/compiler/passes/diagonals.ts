import { periodOf, type SlotLayout, slotTable } from '../../layout.ts';
import { forEachWeight, type LinearMap } from '../linear-map.ts';

/**
 * A linear map as rotations and slot-wise products (Halevi–Shoup diagonals): out = Σ diagonal_r ⊙ rotate(in, r).
 *
 * Tensors that repeat let rotations be taken modulo the shorter of the two periods. When the result repeats faster
 * than the input, the products leave partial sums in its replicas; rotations by `fold.from`, 2·`fold.from`, …,
 * `fold.to`/2 add them up and fill all replicas.
 */
export type DiagonalForm = {
  readonly diagonals: readonly Diagonal[];
  readonly outputs: number;
  readonly fold: Fold | null;
};
export type Fold = { readonly from: number; readonly to: number };
export type Diagonal = Place & { readonly values: Float64Array };
/** Rows and columns that show everything about a map: as many as phases of three strides of 2. */
export const planningWindow = 8;
/** One product of a map: which input rotated how far contributes to which output ciphertext. */
export type Place = { readonly input: number; readonly output: number; readonly rotation: number };

/** Visits every weight with its place; `slot` is the one of the output's slots where the input arrives. */
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

/** Memory that is asked for in one piece goes back to the system as one; thousands of small pieces do not. */
const poolBytes = 2 ** 26;

/** Zero vectors out of large pieces of memory. */
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

/** The products of a map and where they lie, with their slot values. */
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

/** Adds up what lies at distance `period` and writes the sum to all of them. */
function repeatEvery(values: Float64Array, period: number): void {
  for (let slot = period; slot < values.length; slot += 1) values[slot % period]! += values[slot]!;
  for (let slot = period; slot < values.length; slot += 1) values[slot] = values[slot % period]!;
}

/**
 * The places of a map's products without their values: what a layout would cost. Looks at the middle of the grid only;
 * its borders read nothing that the middle does not.
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
