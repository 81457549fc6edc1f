import { type Layout, scatter } from '../layout.ts';
import type { Program } from '../program.ts';
import { type Diagonal, type DiagonalForm, diagonalForm } from './diagonals.ts';
import type { FoldedNetwork, Layer } from './fold.ts';
import { chooseGiantStep } from './giant-step.ts';
import { ProgramBuilder } from './levels.ts';

type AffinePlan = { readonly form: DiagonalForm; readonly giantStep: number };

export type PackOptions = {
  readonly slotCount: number;
  readonly primes: readonly bigint[];
  /** Scale of inputs and of every value after a map, 2^30 by default. */
  readonly scale: number;
  /** Plaintext scale of the last map, whose result is returned without its rescale. */
  readonly lastScale: number;
  readonly levels: number;
};

/** Turns a placed network into instructions. @param layouts by layer id, from `placeValues`. */
export function packNetwork(
  network: FoldedNetwork,
  layouts: ReadonlyMap<string, Layout>,
  options: PackOptions,
): Program {
  const { slotCount } = options;
  const plans = new Map<string, AffinePlan>();
  for (const layer of network.layers) {
    if (layer.kind !== 'affine') continue;
    const form = diagonalForm(layer.map, layouts.get(layer.input)!, layouts.get(layer.id)!, slotCount);
    plans.set(layer.id, { form, giantStep: chooseGiantStep(form, slotCount) });
  }
  const builder = new ProgramBuilder(
    slotCount,
    options.primes,
    rotationBasis(plans.values(), layouts, slotCount),
  );
  const inputs = countOf(layouts.get('input')!);
  const values = new Map<string, readonly number[]>([
    ['input', Array.from({ length: inputs }, (_, index) => builder.input(index, options.scale))],
  ]);
  for (const layer of network.layers) {
    builder.layer = layer.id;
    const layout = layouts.get(layer.id)!;
    values.set(layer.id, emitLayer(layer, layout, layer.id === network.output));
  }
  const output = values.get(network.output)!;
  if (output.length !== 1) throw new TypeError('a network must end in one ciphertext');
  return builder.finish(output[0]!, inputs, options.scale, options.levels);

  function emitLayer(layer: Layer, layout: Layout, isLast: boolean): readonly number[] {
    switch (layer.kind) {
      case 'square':
        return values.get(layer.input)!.map((value) => builder.multiply(value, value));
      case 'product': {
        const right = values.get(layer.right)!;
        return values.get(layer.left)!.map((value, index) => builder.multiply(value, right[index]!));
      }
      case 'shift': {
        const constants = scatter(layer.constant, layout, slotCount);
        return values.get(layer.input)!.map((value, index) => builder.addPlain(value, constants[index]!));
      }
      case 'affine':
        return emitAffine(builder, values.get(layer.input)!, plans.get(layer.id)!, {
          slotCount,
          bias: layer.map.bias === null ? null : scatter(layer.map.bias, layout, slotCount),
          scale: isLast
            ? { kind: 'unrescaled', plaintext: options.lastScale }
            : { kind: 'rescaled', target: options.scale },
        });
    }
  }
}

type AffineTarget = {
  readonly slotCount: number;
  readonly bias: readonly Float64Array[] | null;
  readonly scale:
    | { readonly kind: 'rescaled'; readonly target: number }
    | { readonly kind: 'unrescaled'; readonly plaintext: number };
};

/** Babies, Horner over giants, fold, one rescale, bias. Cost: 1 level (none of it spent when unrescaled). */
function emitAffine(
  builder: ProgramBuilder,
  inputs: readonly number[],
  plan: AffinePlan,
  target: AffineTarget,
): number[] {
  const { form, giantStep } = plan;
  const first = inputs[0]!;
  const plaintextScale =
    target.scale.kind === 'unrescaled'
      ? target.scale.plaintext
      : (target.scale.target * builder.lastPrime(first)) / builder.scale(first);
  const wanted = new Set(form.diagonals.map(({ rotation }) => rotation % giantStep));
  return Array.from({ length: form.outputs }, (_, output) => {
    const giants = groupByGiant(form.diagonals, output, giantStep);
    let sum: number | undefined;
    for (let giant = giants.length - 1; giant >= 0; giant -= 1) {
      if (sum !== undefined) sum = builder.rotateOnce(sum, giantStep);
      const terms = (giants[giant] ?? []).map(({ input, rotation, values }) => {
        const baby = builder.rotate(inputs[input]!, rotation % giantStep, wanted);
        return [baby, rotateLeft(values, -giant * giantStep)] as const;
      });
      if (terms.length === 0) continue;
      const inner = builder.sumOfProducts(terms, plaintextScale);
      sum = sum === undefined ? inner : builder.add(sum, inner);
    }
    let total = sum!;
    if (form.fold > 0) {
      for (let step = form.fold; step < target.slotCount; step *= 2)
        total = builder.add(total, builder.rotateOnce(total, step));
    }
    if (target.scale.kind === 'rescaled') total = builder.rescale(total);
    return target.bias === null ? total : builder.addPlain(total, target.bias[output]!);
  });
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

/** result[i] = values[i + step], cyclic. */
function rotateLeft(values: Float64Array, step: number): Float64Array {
  const count = values.length;
  const shift = ((step % count) + count) % count;
  const rotated = new Float64Array(count);
  rotated.set(values.subarray(shift));
  rotated.set(values.subarray(0, shift), count - shift);
  return rotated;
}

/** The few rotation steps from which all others are composed: one inside rows, one per row, lane, giant and fold. */
function rotationBasis(
  plans: Iterable<AffinePlan>,
  layouts: ReadonlyMap<string, Layout>,
  slotCount: number,
): number[] {
  const basis = new Set([1]);
  for (const layout of layouts.values()) {
    if (layout.kind !== 'grid') continue;
    for (const step of [layout.grid[1], layout.grid[0] * layout.grid[1]])
      if (step < slotCount) basis.add(step);
  }
  for (const { form, giantStep } of plans) {
    if (giantStep < slotCount) basis.add(giantStep);
    if (form.fold > 0) for (let step = form.fold; step < slotCount; step *= 2) basis.add(step);
  }
  return [...basis].sort((left, right) => left - right);
}

const countOf = (layout: Layout): number => (layout.kind === 'grid' ? layout.ciphertexts : 1);
