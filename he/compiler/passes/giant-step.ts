import type { Place } from './diagonals.ts';

/**
 * Chooses the giant step G of a baby-step giant-step evaluation: rotation r = g·G + b. Babies b are rotations of the
 * input, one each; giants are summed by Horner's rule with the single rotation G:
 *
 *   out = Σ_g rotate^g( Σ_b rotate(in, b) ⊙ shifted diagonal , G )
 *
 * Worked case, 16 rotations 0…15 of one ciphertext: G = 4 gives babies {0,1,2,3} (3 rotations) and 3 Horner
 * rotations, 6 in place of 15.
 *
 * @returns the power of two with the fewest rotations (the smaller one on a tie), and how many those are.
 */
export function chooseGiantStep(
  places: readonly Place[],
  slotCount: number,
): { step: number; rotations: number } {
  let best = { step: slotCount, rotations: Number.POSITIVE_INFINITY };
  for (let step = 1; step <= slotCount; step *= 2) {
    const babies = new Set<number>();
    const highest = new Map<number, number>();
    for (const { input, output, rotation } of places) {
      if (rotation % step !== 0) babies.add(input * slotCount + (rotation % step));
      highest.set(output, Math.max(highest.get(output) ?? 0, Math.floor(rotation / step)));
    }
    const rotations = babies.size + [...highest.values()].reduce((sum, giants) => sum + giants, 0);
    if (rotations < best.rotations) best = { step, rotations };
  }
  return best;
}
