import { CxrError } from '../../../contract/errors.ts';
import { bitsFor, type SlotLayout, slotTable, vectorLayout } from '../../layout.ts';
import type { Shape } from '../graph.ts';
import { sizeOf } from '../graph.ts';
import { forEachWeight, type LinearMap } from '../linear-map.ts';
import { planningWindow } from './diagonals.ts';
import { type FoldedNetwork, inputsOf, type Layer } from './fold.ts';

/**
 * A strategy says in which order the coordinate bits of a spatial tensor become slot bits, lowest slot bit first
 * (he/layout.ts explains layouts). Coordinates are counted on the network's finest grid: a tensor after one stride of 2
 * has no bit 0 left and starts at bit 1. The bits of one position lie at the same place in all tensors, because a
 * convolution would otherwise need a rotation per position.
 *
 * Three words are needed. The *coarse grid* is the grid after all strides. A *phase* is the set of elements whose
 * positions have the same finer bits: with one stride of 2, each image has four phases, each as large as the coarse
 * grid. A *lane* is the block of neighbouring slots that holds one phase of one channel.
 *
 * Smallest case: one channel of 4×4, and a stride of 2 behind it, in 16 slots. The coarse grid is 2×2, so that a lane
 * is 4 slots long. The number at row y and column x is the slot of that element:
 *
 *     phases: x1 y1 x0 y0       raster: x0 x1 y0 y1
 *      0  4  1  5                0  1  2  3
 *      8 12  9 13                4  5  6  7
 *      2  6  3  7                8  9 10 11
 *     10 14 11 15               12 13 14 15
 *
 * In `phases`, the layer of stride 2 finds the four pixels under each of its outputs in the same place of the four
 * lanes: for output (0,0) in slots 0, 4, 8 and 12, for output (0,1) in slots 1, 5, 9 and 13. Rotations by whole lanes,
 * 0, 4, 8 and 12, therefore serve all outputs, and the outputs lie without holes.
 *
 * - `phases` puts the coarse grid first, then the finer bits, then the channels. Channels are then in the highest bits,
 *   where a rotation moves them in a circle without masks.
 * - `channels` puts the coarse grid first, then the channels, then the finer bits. The finer bits mostly number
 *   ciphertexts, so that a pool in front of a convolution adds ciphertexts and rotates nothing.
 * - `raster` leaves columns and rows in their order. After a stride, channels fill the slots that fell free.
 *
 * The bits that tell the groups of a grouped convolution come right above the positions, in its input and in its
 * output, so that a group is read where it is written.
 */
export const strategies = ['phases', 'channels', 'raster'] as const;
/** A strategy is one of the three orders above. */
export type Strategy = (typeof strategies)[number];

/** A placement gives every value of a network its layout. */
export type Placement = {
  readonly strategy: Strategy;
  /** The layouts by layer id, and that of `input`. */
  readonly layouts: ReadonlyMap<string, SlotLayout>;
  /** The number of slots from one row to the next, and from one lane to the next. */
  readonly pitch: { readonly row: number; readonly lane: number };
};

/** How much coarser a value's grid is than the finest one, as log2, along rows and columns. One stride of 2 gives 1. */
type Scale = readonly [number, number];
/**
 * Along one axis: the scale of the coarsest tensor that still has positions, and the bit after the last one of the
 * finest grid.
 */
type Extent = {
  readonly coarse: number;
  readonly top: number;
};
type Frame = { readonly y: Extent; readonly x: Extent; readonly pitch: Placement['pitch'] };
const isSpatial = (shape: Shape): boolean => shape.length === 3 && shape[1]! * shape[2]! > 1;

/**
 * Gives every value of a network its layout, by one strategy. Values that are combined element by element get the same
 * layout; every other layer may change it. The displacements are chosen so that maps read only forwards inside a lane.
 *
 * @throws CxrError `graph-unsupported` with the layer: strides that are no powers of two, values of different strides
 *   that meet, or a vector that is longer than the slots.
 */
export function placeValues(network: FoldedNetwork, slotCount: number, strategy: Strategy): Placement {
  return new Placer(network, slotCount, strategy).place();
}

class Placer {
  readonly #network: FoldedNetwork;
  readonly #slotCount: number;
  readonly #strategy: Strategy;
  /** Values that must lie alike form a class, which is named by one of them. */
  readonly #classOf = new Map<string, string>();
  readonly #scales = new Map<string, Scale>();

  constructor(network: FoldedNetwork, slotCount: number, strategy: Strategy) {
    this.#network = network;
    this.#slotCount = slotCount;
    this.#strategy = strategy;
  }

  place(): Placement {
    this.#tieElementwise();
    this.#assignScales();
    const frame = this.#frame();
    const bits = this.#assignBits(frame);
    const displacement = this.#assignDisplacements(bits, frame);
    const layouts = new Map<string, SlotLayout>();
    for (const [id, shape] of this.#network.shapes) {
      const group = this.#find(id);
      const layout = bits.get(group);
      if (layout === undefined) continue;
      layouts.set(id, { ...layout, shape: threeSided(shape), displacement: displacement.get(group) ?? 0 });
    }
    return { strategy: this.#strategy, layouts, pitch: frame.pitch };
  }

  #find(id: string): string {
    let group = id;
    while (this.#classOf.has(group)) group = this.#classOf.get(group)!;
    return group;
  }

  #tieElementwise(): void {
    for (const layer of this.#network.layers) {
      if (layer.kind === 'affine' || layer.kind === 'sum') continue;
      for (const input of inputsOf(layer)) {
        const [from, to] = [this.#find(layer.id), this.#find(input)];
        if (from !== to) this.#classOf.set(from, to);
      }
    }
  }

  #assignScales(): void {
    const set = (id: string, scale: Scale) => {
      const group = this.#find(id);
      const known = this.#scales.get(group);
      if (known !== undefined && (known[0] !== scale[0] || known[1] !== scale[1]))
        throw new CxrError('graph-unsupported', { node: id, reason: 'values of different strides meet' });
      this.#scales.set(group, scale);
    };
    const spatial = this.#network.layers.filter(({ id }) => isSpatial(this.#network.shapes.get(id)!));
    const propagate = () => {
      for (const layer of spatial)
        for (const { input, log2 } of stepsInto(layer)) {
          const from = this.#scales.get(this.#find(input));
          if (from !== undefined && isSpatial(this.#network.shapes.get(input)!))
            set(layer.id, [from[0] + log2[0], from[1] + log2[1]]);
        }
    };
    set('input', [0, 0]);
    propagate();
    // A value whose positions come from a vector (padding around one position) may start on any grid.
    for (const { id } of spatial) {
      if (this.#scales.has(this.#find(id))) continue;
      set(id, [0, 0]);
      propagate();
    }
  }

  #frame(): Frame {
    const spatial = [...this.#network.shapes]
      .filter(([, shape]) => isSpatial(shape))
      .map(([id, shape]) => ({ id, shape, scale: this.#scales.get(this.#find(id)) ?? ([0, 0] as const) }));
    // Nothing reads the result, so a stride into it (logits per region) does not spread what comes before.
    const read = spatial.filter(({ id }) => this.#find(id) !== this.#find(this.#network.output));
    const along = (axis: 0 | 1) => ({
      coarse: Math.max(0, ...read.map(({ scale }) => scale[axis])),
      top: Math.max(0, ...spatial.map(({ scale, shape }) => scale[axis] + bitsFor(shape[axis + 1]!))),
    });
    const [y, x] = [along(0), along(1)];
    const [columns, rows] =
      this.#strategy === 'raster' ? [x.top, y.top] : [x.top - x.coarse, y.top - y.coarse];
    return { y, x, pitch: { row: 2 ** columns, lane: 2 ** (columns + rows) } };
  }

  #assignBits(frame: Frame): Map<string, SlotLayout> {
    const bits = new Map<string, SlotLayout>();
    const sums = new Map<string, Layer & { kind: 'sum' }>();
    for (const layer of this.#network.layers) if (layer.kind === 'sum') sums.set(this.#find(layer.id), layer);
    const of = (group: string): SlotLayout => {
      const known = bits.get(group);
      if (known !== undefined) return known;
      const sum = sums.get(group);
      const shape = this.#network.shapes.get(group)!;
      const made =
        sum === undefined
          ? this.#layoutOf(group, shape, frame)
          : afterSum(of(this.#find(sum.input)), sum, this.#network.shapes.get(sum.id)!, this.#slotCount);
      bits.set(group, made);
      return made;
    };
    for (const id of ['input', ...this.#network.layers.map((layer) => layer.id)]) of(this.#find(id));
    return bits;
  }

  #layoutOf(group: string, shape: Shape, frame: Frame): SlotLayout {
    const count = sizeOf(shape);
    if (!isSpatial(shape)) {
      if (count > this.#slotCount)
        throw new CxrError('graph-unsupported', {
          node: group,
          reason: 'vector longer than the slots',
          got: count,
          expected: this.#slotCount,
        });
      return vectorLayout(count, this.#slotCount);
    }
    const scale = this.#scales.get(group)!;
    const [channels = 0, height = 0, width = 0] = shape;
    const sizes = { y: bitsFor(height), x: bitsFor(width) };
    const own = { y: scale[0], x: scale[1] };
    const groupBits = Math.min(this.#groupBits(group), bitsFor(channels));
    const within = Array.from({ length: bitsFor(channels) - groupBits }, (_, index) => `c${index}`);
    const groups = Array.from({ length: groupBits }, (_, index) => `c${bitsFor(channels) - 1 - index}`);
    const at = (axis: 'y' | 'x', absolute: number): string | undefined => {
      const index = absolute - own[axis];
      return index >= 0 && index < sizes[axis] ? `${axis}${index}` : undefined;
    };
    const bits: string[] = [];
    if (this.#strategy === 'raster') {
      for (const axis of ['x', 'y'] as const)
        for (let absolute = 0; absolute < frame[axis].top; absolute += 1)
          bits.push(at(axis, absolute) ?? (absolute < own[axis] ? within.shift() : undefined) ?? 'hole');
      bits.push(...groups, ...within);
    } else {
      for (const axis of ['x', 'y'] as const)
        for (let absolute = frame[axis].coarse; absolute < frame[axis].top; absolute += 1)
          bits.push(at(axis, absolute) ?? 'hole');
      const finer: string[] = [];
      for (let depth = Math.max(frame.x.coarse, frame.y.coarse) - 1; depth >= 0; depth -= 1)
        for (const axis of ['x', 'y'] as const) {
          const bit = depth < frame[axis].coarse ? at(axis, depth) : undefined;
          if (bit !== undefined) finer.push(bit);
        }
      bits.push(...groups, ...(this.#strategy === 'phases' ? [...finer, ...within] : [...within, ...finer]));
    }
    while (bits.length < Math.log2(this.#slotCount)) bits.push('replica');
    return { shape: threeSided(shape), bits, displacement: 0 };
  }

  /** Counts the leading channel bits that name a group of some convolution into or out of a value. */
  #groupBits(group: string): number {
    let bits = 0;
    for (const layer of this.#network.layers) {
      if (layer.kind !== 'affine') continue;
      for (const { input, map } of layer.terms) {
        const touches = this.#find(input) === group || this.#find(layer.id) === group;
        const log2 = Math.log2(map.stencil?.groups ?? 1);
        if (touches && Number.isInteger(log2)) bits = Math.max(bits, log2);
      }
    }
    return bits;
  }

  /**
   * Chooses how many slots each value is moved. It goes backwards from the output, so that every convolution reads only
   * at offsets of 0 or more inside a lane: a 3×3 convolution, which also reads the pixel to the left, gets an input
   * that is moved to later slots.
   */
  #assignDisplacements(layouts: ReadonlyMap<string, SlotLayout>, frame: Frame): Map<string, number> {
    const displacement = new Map<string, number>();
    const least = new Map<LinearMap, number>();
    const needs = (layer: Layer, input: string): number => {
      if (layer.kind !== 'affine') return 0;
      const term = layer.terms.find((candidate) => candidate.input === input)!;
      if (!isSpatial(this.#network.shapes.get(input)!) || !isSpatial(layer.shape)) return 0;
      let need = least.get(term.map);
      if (need === undefined) {
        const [from, to] = [layouts.get(this.#find(input))!, layouts.get(this.#find(layer.id))!];
        need = lowestOffset(term.map, from, to, frame.pitch.lane, this.#slotCount);
        least.set(term.map, need);
      }
      return need;
    };
    let passes = 0;
    for (let changed = true; changed; ) {
      changed = false;
      // A gate read from what it later multiplies has no such displacement; without one it only costs more keys.
      if (++passes > this.#network.layers.length + 1) return new Map();
      for (const layer of this.#network.layers.toReversed()) {
        const own = displacement.get(this.#find(layer.id)) ?? 0;
        for (const input of inputsOf(layer)) {
          const group = this.#find(input);
          if (group === this.#find(layer.id) || !isSpatial(this.#network.shapes.get(input)!)) continue;
          if (!isSpatial(this.#network.shapes.get(layer.id)!)) continue;
          const wanted = own + needs(layer, input);
          if (wanted <= (displacement.get(group) ?? 0)) continue;
          displacement.set(group, wanted);
          changed = true;
        }
      }
    }
    // A window sum leaves its values where they were.
    for (const layer of this.#network.layers)
      if (layer.kind === 'sum')
        displacement.set(this.#find(layer.id), displacement.get(this.#find(layer.input)) ?? 0);
    return displacement;
  }
}

const threeSided = (shape: Shape): [number, number, number] => [shape[0]!, shape[1] ?? 1, shape[2] ?? 1];

/**
 * Lists how much coarser each input's grid becomes on the way into a layer. Inputs about which the layer says nothing
 * are left out.
 */
function stepsInto(layer: Layer): { input: string; log2: Scale }[] {
  if (layer.kind === 'sum') return [{ input: layer.input, log2: layer.log2 }];
  if (layer.kind !== 'affine') return inputsOf(layer).map((input) => ({ input, log2: [0, 0] }));
  return layer.terms.flatMap(({ input, map }) => {
    const [, height, width] = map.inShape;
    const alike = height === map.outShape[1] && width === map.outShape[2];
    const stride = map.stencil?.stride ?? (alike ? ([1, 1] as const) : undefined);
    if (stride === undefined) return [];
    const log2 = stride.map(Math.log2) as [number, number];
    if (!log2.every(Number.isInteger))
      throw new CxrError('graph-unsupported', {
        node: layer.id,
        reason: 'strides up to here: use powers of two',
        got: [...stride],
      });
    return [{ input, log2 }];
  });
}

/**
 * Removes the bits over which a window sum adds. The lowest coordinate bits become holes, replicas, or fewer
 * ciphertexts.
 */
function afterSum(
  layout: SlotLayout,
  layer: Layer & { kind: 'sum' },
  shape: Shape,
  slotCount: number,
): SlotLayout {
  const slotBits = Math.log2(slotCount);
  const removed = new Set(summedBits(layer));
  const rename = (bit: string): string => {
    const log2 = bit[0] === 'y' ? layer.log2[0] : bit[0] === 'x' ? layer.log2[1] : 0;
    return log2 === 0 ? bit : `${bit[0]}${Number(bit.slice(1)) - log2}`;
  };
  const bits = layout.bits
    .filter((bit, index) => index < slotBits || !removed.has(bit))
    .map((bit) => (removed.has(bit) ? 'hole' : rename(bit)));
  for (let index = slotBits - 1; index >= 0 && ['hole', 'replica'].includes(bits[index]!); index -= 1)
    bits[index] = 'replica';
  return { shape: threeSided(shape), bits, displacement: 0 };
}

/** Lists the coordinate bits over which a window sum adds: `x0` and `y0` for windows of 2×2. */
export function summedBits({ log2 }: Layer & { kind: 'sum' }): string[] {
  const along = (axis: string, count: number) =>
    Array.from({ length: count }, (_, index) => `${axis}${index}`);
  return [...along('x', log2[1]), ...along('y', log2[0])];
}

/** Finds how many slots below its own position a map reads inside a lane; 0 when it reads only forwards. */
function lowestOffset(
  map: LinearMap,
  from: SlotLayout,
  to: SlotLayout,
  lane: number,
  slotCount: number,
): number {
  const [source, target] = [slotTable(from, slotCount), slotTable(to, slotCount)];
  let lowest = 0;
  forEachWeight(
    map,
    (out, input) => {
      const offset = (source.slot[input]! - target.slot[out]!) & (lane - 1);
      if (offset > lane / 2) lowest = Math.min(lowest, offset - lane);
    },
    planningWindow,
  );
  return -lowest;
}
