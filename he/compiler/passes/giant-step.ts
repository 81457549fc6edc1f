import type { Place } from './diagonals.ts';

/**
 * Chooses the giant step G of a *baby-step giant-step* evaluation, which needs fewer rotations than one per diagonal.
 * Every rotation is written as r = g·G + b with 0 ≤ b < G. The *babies* are the rotations of the input by b; each is
 * made once and serves all g. The *giants* g·G are not made one by one: Horner's rule sums them with the one rotation
 * G, from the highest g down.
 *
 *     out = Σ_g rotate^g( Σ_b rotate(in, b) ⊙ shifted diagonal_(g·G + b), G )
 *
 * The diagonal of a giant is shifted by −g·G slots beforehand, because the rotation by g·G will move the product.
 *
 * Smallest case: the 4 diagonals of a 4×4 matrix, with G = 2 (diagonals.ts draws them). The babies are in and
 * rotate(in, 1):
 *
 *     giant 1: in ⊙ (31 42 13 24) + rotate(in, 1) ⊙ (32 43 14 21)     diagonals 2 and 3, shifted by −2
 *     giant 0: in ⊙ (11 22 33 44) + rotate(in, 1) ⊙ (12 23 34 41)     diagonals 0 and 1
 *     out = rotate(giant 1, 2) + giant 0
 *
 * On the input 1 2 3 4, giant 1 is 95 213 95 117, giant 0 is 35 113 235 217, and out is 130 230 330 430. This takes 2
 * rotations in place of 3. With 16 diagonals, G = 4 takes 3 babies and 3 giants: 6 rotations in place of 15.
 *
 * @param places  products of one map; babies are counted per input, giants per output.
 * @returns the power of two with the fewest rotations (the smaller one on a tie), and how many rotations those are.
 * @see S. Halevi, V. Shoup, "Faster Homomorphic Linear Transformations in HElib", CRYPTO 2018, ia.cr/2018/244.
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
