import { type SlotLayout, slotTable } from '../../layout.ts';
import type { LinearMap } from '../linear-map.ts';
import { diagonalPlaces, type Fold } from './diagonals.ts';
import type { FoldedNetwork, Layer } from './fold.ts';
import { chooseGiantStep } from './giant-step.ts';
import { type Placement, summedBits } from './place.ts';

/**
 * An estimate is the number of products and rotations that a placement would execute. It is made before any weight is
 * laid out.
 */
export type Estimate = { readonly products: number; readonly rotations: number };

/** The plan of a term is its giant step and its fold. */
type TermPlan = { readonly giantStep: number; readonly fold: Fold | null };
/** These are the plans of all terms, by their maps. */
export type Plans = ReadonlyMap<LinearMap, TermPlan>;

/** Counts the products and rotations of a placement and chooses the giant step of every term. */
export function planPlacement(
  network: FoldedNetwork,
  placement: Placement,
  slotCount: number,
): { plans: Plans; estimate: Estimate } {
  let [products, rotations] = [0, 0];
  const plans = new Map<LinearMap, TermPlan>();
  for (const layer of network.layers) {
    const layout = placement.layouts.get(layer.id)!;
    if (layer.kind === 'sum') {
      const inner = summedSlots(layer, placement.layouts.get(layer.input)!, slotCount);
      rotations += inner.rotate.length * slotTable(layout, slotCount).ciphertexts;
    }
    if (layer.kind !== 'affine') continue;
    for (const { input, map } of layer.terms) {
      const { places, outputs, fold } = diagonalPlaces(map, placement.layouts.get(input)!, layout, slotCount);
      const giant = chooseGiantStep(places, slotCount);
      plans.set(map, { giantStep: giant.step, fold });
      products += places.length;
      rotations += giant.rotations;
      if (fold !== null) rotations += outputs * Math.log2(fold.to / fold.from);
    }
  }
  return { plans, estimate: { products, rotations } };
}

/**
 * Collects the rotation steps from which babies are composed: by one slot, by one row, by one lane, and every giant
 * step and fold.
 */
export function rotationBasis(plans: Plans, pitch: Placement['pitch'], slotCount: number): number[] {
  const basis = new Set([1, pitch.row, pitch.lane]);
  for (const { giantStep, fold } of plans.values()) {
    basis.add(giantStep);
    if (fold !== null) for (let step = fold.from; step < fold.to; step *= 2) basis.add(step);
  }
  return [...basis].filter((step) => step < slotCount).sort((left, right) => left - right);
}

/**
 * Says how a window sum is computed: by which steps a ciphertext is rotated, and which input ciphertexts each output
 * adds.
 */
export function summedSlots(
  layer: Layer & { kind: 'sum' },
  layout: SlotLayout,
  slotCount: number,
): { rotate: number[]; groups: number[][] } {
  const slotBits = Math.log2(slotCount);
  const rotate: number[] = [];
  const numberBits: number[] = [];
  for (const bit of summedBits(layer)) {
    const index = layout.bits.indexOf(bit);
    if (index < 0) continue;
    if (index < slotBits) rotate.push(2 ** index);
    else numberBits.push(index - slotBits);
  }
  const groups = new Map<number, number[]>();
  for (const [index, number] of slotTable(layout, slotCount).numbers.entries()) {
    const kept = numberBits.reduce(
      (rest, bit) => (Math.floor(rest / 2 ** bit) % 2 === 1 ? rest - 2 ** bit : rest),
      number,
    );
    groups.set(kept, [...(groups.get(kept) ?? []), index]);
  }
  return { rotate, groups: [...groups.values()] };
}
