import { CxrError } from '../../contract/errors.ts';
import { sizeOf } from '../graph.ts';
import { elementTable, type GridLayout, type Layout, type PeriodicLayout, slotTable } from '../layout.ts';
import type { LinearMap } from '../linear-map.ts';

/**
 * A linear map as rotations and slot-wise products (Halevi–Shoup diagonals): out = Σ diagonal_r ⊙ rotate(in, r).
 *
 * `fold` > 0: only slots congruent to the row are summed so far; log₂(slots/fold) rotations by fold, 2·fold, …
 * complete the sum and leave every logit in all slots congruent to it.
 */
export type DiagonalForm = {
  readonly diagonals: readonly Diagonal[];
  readonly outputs: number;
  readonly fold: number;
};
export type Diagonal = {
  readonly input: number;
  readonly output: number;
  readonly rotation: number;
  readonly values: Float64Array;
};

/** @throws CxrError `graph-unsupported` for a pair of layouts that no rule covers. */
export function diagonalForm(map: LinearMap, from: Layout, to: Layout, slotCount: number): DiagonalForm {
  if (from.kind === 'grid' && to.kind === 'grid') return gridToGrid(map, from, to, slotCount);
  if (from.kind === 'grid' && to.kind === 'periodic') return gridToPeriodic(map, from, to, slotCount);
  if (from.kind === 'periodic') return periodicToAny(map, from, to, slotCount);
  throw new CxrError('graph-unsupported', { reason: 'layouts' });
}

/** Convolutions: rotation = slot read − slot written; a diagonal per (lane difference, kernel offset). */
function gridToGrid(map: LinearMap, from: GridLayout, to: GridLayout, slotCount: number): DiagonalForm {
  const source = slotTable(from, slotCount);
  const target = slotTable(to, slotCount);
  const byPair = Array.from(
    { length: from.ciphertexts * to.ciphertexts },
    () => new Array<Float64Array | undefined>(slotCount),
  );
  map.forEach((out, input, weight) => {
    if (weight === 0) return;
    const slot = target.slot[out]!;
    const rotation = (source.slot[input]! - slot + slotCount) % slotCount;
    const pair = byPair[target.ciphertext[out]! * from.ciphertexts + source.ciphertext[input]!]!;
    pair[rotation] ??= new Float64Array(slotCount);
    pair[rotation][slot]! += weight;
  });
  const diagonals: Diagonal[] = [];
  for (const [pair, rotations] of byPair.entries()) {
    for (let rotation = 0; rotation < slotCount; rotation += 1) {
      const values = rotations[rotation];
      if (values === undefined) continue;
      diagonals.push({
        input: pair % from.ciphertexts,
        output: Math.floor(pair / from.ciphertexts),
        rotation,
        values,
      });
    }
  }
  return { diagonals, outputs: to.ciphertexts, fold: 0 };
}

/** Heads and squeezes: `period` rotations cover every residue once, the fold does the rest. */
function gridToPeriodic(
  map: LinearMap,
  from: GridLayout,
  to: PeriodicLayout,
  slotCount: number,
): DiagonalForm {
  const weights = denseRows(map);
  const columns = sizeOf(map.inShape);
  const diagonals: Diagonal[] = [];
  for (let input = 0; input < from.ciphertexts; input += 1) {
    const elements = elementTable(from, input, slotCount);
    for (let rotation = 0; rotation < to.period; rotation += 1) {
      const values = new Float64Array(slotCount);
      for (let slot = 0; slot < slotCount; slot += 1) {
        const element = elements[(slot + rotation) % slotCount]!;
        const row = slot % to.period;
        if (element >= 0 && row < to.count) values[slot] = weights[row * columns + element]!;
      }
      diagonals.push({ input, output: 0, rotation, values });
    }
  }
  return { diagonals, outputs: 1, fold: to.period };
}

/** From a vector that repeats everywhere: `period` rotations bring every element to every slot. */
function periodicToAny(map: LinearMap, from: PeriodicLayout, to: Layout, slotCount: number): DiagonalForm {
  const weights = denseRows(map);
  const columns = sizeOf(map.inShape);
  const outputs = to.kind === 'grid' ? to.ciphertexts : 1;
  const diagonals: Diagonal[] = [];
  for (let output = 0; output < outputs; output += 1) {
    const rows = to.kind === 'grid' ? elementTable(to, output, slotCount) : null;
    for (let rotation = 0; rotation < from.period; rotation += 1) {
      const values = new Float64Array(slotCount);
      for (let slot = 0; slot < slotCount; slot += 1) {
        const row = rows === null ? slot % (to as PeriodicLayout).period : rows[slot]!;
        const column = (slot + rotation) % from.period;
        const present = row >= 0 && column < from.count && (to.kind === 'grid' || row < to.count);
        if (present) values[slot] = weights[row * columns + column]!;
      }
      diagonals.push({ input: 0, output, rotation, values });
    }
  }
  return { diagonals, outputs, fold: 0 };
}

function denseRows(map: LinearMap): Float64Array {
  const columns = sizeOf(map.inShape);
  const rows = new Float64Array(sizeOf(map.outShape) * columns);
  map.forEach((out, input, weight) => {
    rows[out * columns + input]! += weight;
  });
  return rows;
}
