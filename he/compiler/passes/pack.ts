import { CxrError } from '../../../contract/errors.ts';
import { type SlotLayout, scatter, slotTable } from '../../layout.ts';
import type { Program } from '../../program.ts';
import type { LinearMap } from '../linear-map.ts';
import { type Diagonal, type DiagonalForm, diagonalForm, diagonalPlaces, type Fold } from './diagonals.ts';
import { type AffineLayer, depths, type FoldedNetwork, type Layer } from './fold.ts';
import { chooseGiantStep } from './giant-step.ts';
import { assignLevels, ProgramBuilder } from './levels.ts';
import { type Placement, summedBits } from './place.ts';

/**
 * An estimate is the number of products and rotations that a placement would execute. It is made before any weight is
 * laid out.
 */
export type Estimate = { readonly products: number; readonly rotations: number };

/** The plan of one term: its giant step and its fold. */
type TermPlan = { readonly giantStep: number; readonly fold: Fold | null };
/** The plans of all terms, by their maps. */
type Plans = ReadonlyMap<LinearMap, TermPlan>;

/** These are the numbers that packing needs: the ring's slots and primes, and the scales. */
export type PackOptions = {
  readonly slotCount: number;
  readonly primes: readonly bigint[];
  /** The scale of the inputs and of every value after a map; 2^30 by default. */
  readonly scale: number;
  /** Bits by which the scale of the last map's inputs is lowered, for the benefit of its plaintexts. */
  readonly headBits: number;
  /** The scale of the result, which is returned without the last map's rescale. */
  readonly outputScale: number;
  /** Data primes that are left in the result. */
  readonly resultPrimes: number;
};

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
 * Turns a placed network into instructions.
 *
 * Smallest case: a 4×4 matrix on a vector in 4 slots is written as the following steps, with the giant step 2
 * (giant-step.ts has the numbers). Diagonals 2 and 3 are shifted by −2.
 *
 *     0  input
 *     1  rotate(0, 1)                                 the second baby; the first is the input itself
 *     2  value 0 ⊙ diagonal 2 + value 1 ⊙ diagonal 3   giant 1
 *     3  rotate(2, 2)
 *     4  value 0 ⊙ diagonal 0 + value 1 ⊙ diagonal 1   giant 0
 *     5  add(3, 4)
 *
 * Cost of this case: 2 rotations with 2 keys, 4 plaintext products, 1 level.
 *
 * @throws CxrError `graph-unsupported` when the result does not fit one ciphertext or a channel does not depend on the
 *   input; `graph-imprecise` when a value would outgrow its modulus.
 */
export function packNetwork(
  network: FoldedNetwork,
  placement: Placement,
  plans: Plans,
  options: PackOptions,
): Program {
  return new Packer(network, placement, plans, options).pack();
}

class Packer {
  readonly #network: FoldedNetwork;
  readonly #placement: Placement;
  readonly #options: PackOptions;
  readonly #plans: Plans;
  readonly #builder: ProgramBuilder;
  readonly #values = new Map<string, readonly number[]>();
  readonly #levels: ReadonlyMap<string, number>;
  readonly #lowered: ReadonlyMap<string, number>;

  constructor(network: FoldedNetwork, placement: Placement, plans: Plans, options: PackOptions) {
    this.#network = network;
    this.#placement = placement;
    this.#options = options;
    this.#plans = plans;
    this.#builder = new ProgramBuilder(
      options.slotCount,
      options.primes,
      rotationBasis(plans, placement.pitch, options.slotCount),
    );
    this.#levels = assignLevels(network, options.resultPrimes);
    this.#lowered = loweredScales(network, options.headBits);
  }

  pack(): Program {
    const builder = this.#builder;
    const { slotCount, scale } = this.#options;
    const inputs = slotTable(this.#layout('input'), slotCount).ciphertexts;
    this.#values.set(
      'input',
      Array.from({ length: inputs }, (_, index) => builder.input(index, scale)),
    );
    // From the highest level down, so that lower readers of a value share the rotations of higher ones.
    const levelOf = (layer: Layer): number => this.#levels.get(layer.id)!;
    for (const layer of this.#network.layers.toSorted((left, right) => levelOf(right) - levelOf(left))) {
      builder.layer = layer.id;
      this.#values.set(layer.id, this.#emit(layer));
      this.#checkRange(layer);
    }
    const output = this.#values.get(this.#network.output)!;
    if (output.length !== 1)
      throw new CxrError('graph-unsupported', {
        node: this.#network.output,
        reason: 'the result must fit one ciphertext',
        got: output.length,
        expected: 1,
      });
    const levels = depths(this.#network.layers).get(this.#network.output)!;
    const ranges = this.#network.layers.flatMap(({ id }) => {
      const bound = this.#network.bounds.get(id);
      return bound === undefined ? [] : [{ layer: id, bound }];
    });
    return builder.finish(output[0]!, inputs, scale, levels, ranges);
  }

  /** Refuses a value that could outgrow its modulus, because it would decrypt to noise. */
  #checkRange({ id }: Layer): void {
    const bound = this.#network.bounds.get(id);
    const value = this.#values.get(id)![0]!;
    if (bound === undefined) return;
    const got = Math.log2(this.#builder.scale(value) * bound);
    const expected = this.#builder.capacityBits(this.#builder.level(value));
    if (got > expected)
      throw new CxrError('graph-imprecise', {
        node: id,
        reason: 'range exceeds the modulus: lower inputBound and the weights before it',
        got,
        expected,
      });
  }

  #layout(id: string): SlotLayout {
    return this.#placement.layouts.get(id)!;
  }

  #emit(layer: Layer): readonly number[] {
    const builder = this.#builder;
    const { slotCount } = this.#options;
    const level = this.#levels.get(layer.id)!;
    switch (layer.kind) {
      case 'square':
        return this.#values.get(layer.input)!.map((value) => builder.multiply(value, value, level));
      case 'product': {
        const right = this.#values.get(layer.right)!;
        return this.#values
          .get(layer.left)!
          .map((value, index) => builder.multiply(value, right[index]!, level));
      }
      case 'shift': {
        const constants = scatter(layer.constant, this.#layout(layer.id), slotCount);
        return this.#values
          .get(layer.input)!
          .map((value, index) => builder.addPlain(builder.dropTo(value, level), constants[index]!));
      }
      case 'sum':
        return this.#emitSum(layer);
      case 'affine':
        return this.#emitAffine(layer);
    }
  }

  /**
   * Writes a window sum. Ciphertexts that differ only in a summed bit are added. Each summed bit inside the slots costs
   * one rotation per ciphertext. Cost: 0 levels.
   */
  #emitSum(layer: Layer & { kind: 'sum' }): number[] {
    const builder = this.#builder;
    const level = this.#levels.get(layer.id)!;
    const values = this.#values.get(layer.input)!.map((value) => builder.dropTo(value, level));
    const { rotate, groups } = summedSlots(layer, this.#layout(layer.input), this.#options.slotCount);
    return groups.map((members) => {
      let sum = members.map((member) => values[member]!).reduce((left, right) => builder.add(left, right));
      for (const step of rotate) sum = builder.add(sum, builder.rotateOnce(sum, step));
      return sum;
    });
  }

  /**
   * Writes an affine layer. For every term, the babies (small rotations of the input) are made once. Each giant is a
   * sum of products of babies and diagonals, and Horner's rule adds up the giants with one rotation key: the sum so far
   * is rotated by the giant step before the next giant is added. The terms are added before one common rescale, where
   * they fold alike. A fold then adds up the replicas, and the bias is added last.
   *
   * Cost: the babies, giants and folds in rotations; one plaintext product per diagonal; 1 level. The last map is not
   * rescaled, so that it spends no level.
   */
  #emitAffine(layer: AffineLayer): number[] {
    const builder = this.#builder;
    const { slotCount } = this.#options;
    const layout = this.#layout(layer.id);
    const isLast = layer.id === this.#network.output;
    const level = this.#levels.get(layer.id)! + (isLast ? 0 : 1);
    const target = isLast
      ? this.#options.outputScale
      : this.#options.scale * 2 ** -(this.#lowered.get(layer.id) ?? 0) * builder.primeAt(level);
    const bias = biasOf(layer);
    const constants = bias === null ? null : scatter(bias, layout, slotCount);
    const sums = this.#sumTerms(layer, level, target);
    return Array.from({ length: slotTable(layout, slotCount).ciphertexts }, (_, output) => {
      // Folding after the rescale is cheaper; before it, more precise, which the result needs.
      const parts = [...(sums.get(output)?.values() ?? [])].map(({ sum, fold }) =>
        isLast ? this.#fold(sum, fold) : this.#fold(builder.rescale(sum), fold),
      );
      if (parts.length === 0)
        throw new CxrError('graph-unsupported', {
          node: layer.id,
          reason:
            'channels that do not depend on the input, because every weight into them is 0: remove them',
        });
      const total = parts.reduce((left, right) => builder.add(left, right));
      return constants === null ? total : builder.addPlain(total, constants[output]!);
    });
  }

  /** Writes the products of all terms, by output ciphertext. Terms that fold alike are added up. */
  #sumTerms(
    layer: AffineLayer,
    level: number,
    target: number,
  ): Map<number, Map<string, { sum: number; fold: Fold | null }>> {
    const builder = this.#builder;
    const layout = this.#layout(layer.id);
    const sums = new Map<number, Map<string, { sum: number; fold: Fold | null }>>();
    for (const { input, map } of layer.terms) {
      const inputs = this.#values.get(input)!.map((value) => builder.dropTo(value, level));
      const form = diagonalForm(map, this.#layout(input), layout, this.#options.slotCount);
      const plaintextScale = target / builder.scale(inputs[0]!);
      const giantStep = this.#plans.get(map)!.giantStep;
      const key = form.fold === null ? '' : `${form.fold.from}:${form.fold.to}`;
      for (const [output, sum] of this.#emitTerm(inputs, form, giantStep, plaintextScale)) {
        const parts = sums.get(output) ?? new Map<string, { sum: number; fold: Fold | null }>();
        const before = parts.get(key);
        parts.set(key, { sum: before === undefined ? sum : builder.add(before.sum, sum), fold: form.fold });
        sums.set(output, parts);
      }
    }
    return sums;
  }

  #fold(value: number, fold: Fold | null): number {
    const builder = this.#builder;
    let sum = value;
    if (fold !== null)
      for (let step = fold.from; step < fold.to; step *= 2)
        sum = builder.add(sum, builder.rotateOnce(sum, step));
    return sum;
  }

  #emitTerm(
    inputs: readonly number[],
    form: DiagonalForm,
    giantStep: number,
    plaintextScale: number,
  ): Map<number, number> {
    const builder = this.#builder;
    const wanted = new Set(form.diagonals.map(({ rotation }) => rotation % giantStep));
    const sums = new Map<number, number>();
    const scratch = new Float64Array(this.#options.slotCount);
    for (let output = 0; output < form.outputs; output += 1) {
      const giants = groupByGiant(form.diagonals, output, giantStep);
      let sum: number | undefined;
      for (let giant = giants.length - 1; giant >= 0; giant -= 1) {
        if (sum !== undefined) sum = builder.rotateOnce(sum, giantStep);
        const members = giants[giant] ?? [];
        if (members.length === 0) continue;
        const babies = members.map(({ input, rotation }) =>
          builder.rotate(inputs[input]!, rotation % giantStep, wanted),
        );
        const inner = builder.sumOfProducts(
          rotatedTerms(babies, members, -giant * giantStep, scratch),
          plaintextScale,
        );
        sum = sum === undefined ? inner : builder.add(sum, inner);
      }
      if (sum !== undefined) sums.set(output, sum);
    }
    return sums;
  }
}

/**
 * Collects the rotation steps from which babies are composed: by one slot, by one row, by one lane, and every giant
 * step and fold.
 */
function rotationBasis(plans: Plans, pitch: Placement['pitch'], slotCount: number): number[] {
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
function summedSlots(
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

/**
 * Computes by how many bits the targets of some maps are lowered, so that the last map reads values at a scale that is
 * lower by `bits`. Those values carry far more precision than the last plaintexts, and what they lose, the plaintexts
 * gain.
 */
function loweredScales(network: FoldedNetwork, bits: number): Map<string, number> {
  const byId = new Map(network.layers.map((layer) => [layer.id, layer]));
  const lowered = new Map<string, number>();
  const lower = (id: string, by: number): boolean => {
    const layer = byId.get(id);
    switch (layer?.kind) {
      case 'affine':
        lowered.set(id, by);
        return true;
      case 'square':
        return lower(layer.input, by / 2);
      case 'product':
        return lower(layer.right, by) || lower(layer.left, by);
      case 'shift':
      case 'sum':
        return lower(layer.input, by);
      default:
        return false;
    }
  };
  const last = byId.get(network.output);
  if (last?.kind !== 'affine') return lowered;
  // Several inputs must keep one scale between them, and only a value that nothing else reads may be lowered.
  const [term, ...others] = last.terms;
  if (others.length === 0) lower(term!.input, bits);
  return lowered;
}

/** Adds up the biases of a layer's terms; null when there are none. */
function biasOf(layer: AffineLayer): Float64Array | null {
  const parts = layer.terms.flatMap(({ map }) => (map.bias === null ? [] : [map.bias]));
  return parts.length === 0
    ? null
    : parts.reduce((left, right) => left.map((value, index) => value + right[index]!));
}

function groupByGiant(
  diagonals: readonly Diagonal[],
  output: number,
  giantStep: number,
): (Diagonal[] | undefined)[] {
  const giants: (Diagonal[] | undefined)[] = [];
  for (const diagonal of diagonals) {
    if (diagonal.output !== output) continue;
    const giant = Math.floor(diagonal.rotation / giantStep);
    giants[giant] ??= [];
    giants[giant].push(diagonal);
  }
  return giants;
}

/** Makes one term after the other, all in the same memory. */
function* rotatedTerms(
  babies: readonly number[],
  members: readonly Diagonal[],
  step: number,
  scratch: Float64Array,
): Generator<readonly [number, Float64Array]> {
  for (const [index, { values }] of members.entries())
    yield [babies[index]!, rotateLeft(values, step, scratch)];
}

/**
 * Rotates a vector: result[i] = values[i + step], cyclic. It writes to `rotated`, or returns the vector itself for step
 * 0.
 */
function rotateLeft(values: Float64Array, step: number, rotated: Float64Array): Float64Array {
  const count = values.length;
  const shift = ((step % count) + count) % count;
  if (shift === 0) return values;
  rotated.set(values.subarray(shift));
  rotated.set(values.subarray(0, shift), count - shift);
  return rotated;
}
