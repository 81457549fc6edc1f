import type { InputPacking, SlotLayout } from '../contract/bundle.ts';

/**
 * Where tensor elements lie in the slots; the only file that computes slot indices.
 *
 * A layout is a permutation of bits. Bit i of a slot's number holds one bit of an element's coordinate: `x0` is the
 * lowest bit of the column, `y2` bit 2 of the row, `c5` bit 5 of the channel; bits beyond the slots number the
 * ciphertext. A `hole` bit is 0 where the element lies (what lies at 1 is not part of the tensor). `replica` bits, the
 * highest of the slots, may be anything: the tensor repeats. All slots are moved cyclically by `displacement`.
 *
 * Smallest case, one channel of 4×4 in 16 slots as x1 y1 x0 y0 (numbers are slots): the four sub-grids of a stride-2
 * layer lie one after the other, so that it reads each by a plain rotation.
 *
 *      0  4  1  5
 *      8 12  9 13
 *      2  6  3  7
 *     10 14 11 15
 */
export type { SlotLayout } from '../contract/bundle.ts';

export const bitsFor = (count: number): number => Math.ceil(Math.log2(count));

const slotBitsOf = (slotCount: number): number => Math.log2(slotCount);

/** Slots after which a layout repeats: 2^(slot bits that are not replicas). */
export function periodOf(layout: SlotLayout, slotCount: number): number {
  const replicas = layout.bits.slice(0, slotBitsOf(slotCount)).filter((bit) => bit === 'replica').length;
  return slotCount / 2 ** replicas;
}

export type SlotTable = {
  readonly ciphertext: Int32Array;
  /** One of the slots of each element, in [0, slotCount); the others follow at multiples of the period. */
  readonly slot: Int32Array;
  readonly ciphertexts: number;
  /** The bits beyond the slots, as a number, of each ciphertext. */
  readonly numbers: readonly number[];
};

/** Ciphertext and slot of every element of a layout, in element order. Ciphertexts without an element are left out. */
export function slotTable(layout: SlotLayout, slotCount: number): SlotTable {
  const [channels = 0, height = 1, width = 1] = layout.shape;
  const part = (axis: string, count: number) =>
    Int32Array.from({ length: count }, (_, coordinate) =>
      layout.bits.reduce((sum, bit, index) => {
        if (bit[0] !== axis) return sum;
        return sum + (Math.floor(coordinate / 2 ** Number(bit.slice(1))) % 2) * 2 ** index;
      }, 0),
    );
  const [byChannel, byRow, byColumn] = [part('c', channels), part('y', height), part('x', width)];
  const ciphertext = new Int32Array(channels * height * width);
  const slot = new Int32Array(ciphertext.length);
  let element = 0;
  for (let c = 0; c < channels; c += 1) {
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) {
        const place = byChannel[c]! + byRow[y]! + byColumn[x]!;
        ciphertext[element] = Math.floor(place / slotCount);
        slot[element] = (place + layout.displacement) % slotCount;
        element += 1;
      }
    }
  }
  const used = [...new Set(ciphertext)].sort((left, right) => left - right);
  const numbers = new Map(used.map((number, index) => [number, index]));
  if (used.length > 1)
    for (let index = 0; index < ciphertext.length; index += 1)
      ciphertext[index] = numbers.get(ciphertext[index]!)!;
  return { ciphertext, slot, ciphertexts: used.length, numbers: used };
}

export const ciphertextsOf = (layout: SlotLayout, slotCount: number): number =>
  slotTable(layout, slotCount).ciphertexts;

/** A vector whose element j lies in every slot congruent to j modulo the next power of two. */
export function vectorLayout(count: number, slotCount: number): SlotLayout {
  const bits = Array.from({ length: slotBitsOf(slotCount) }, (_, index) =>
    index < bitsFor(count) ? `c${index}` : 'replica',
  );
  return { shape: [count, 1, 1], bits, displacement: 0 };
}

/** Fills slot vectors from a tensor, all replicas; zero where no element lies. */
export function scatter(values: ArrayLike<number>, layout: SlotLayout, slotCount: number): Float64Array[] {
  const table = slotTable(layout, slotCount);
  const period = periodOf(layout, slotCount);
  const vectors = Array.from({ length: table.ciphertexts }, () => new Float64Array(slotCount));
  for (let element = 0; element < table.slot.length; element += 1) {
    const vector = vectors[table.ciphertext[element]!]!;
    for (let slot = table.slot[element]! % period; slot < slotCount; slot += period)
      vector[slot] = values[element]!;
  }
  return vectors;
}

/** Reads a tensor from slot vectors: the mean over the replicas of each element. */
export function gather(vectors: readonly Float64Array[], layout: SlotLayout): Float64Array {
  const slotCount = vectors[0]!.length;
  const table = slotTable(layout, slotCount);
  const period = periodOf(layout, slotCount);
  return Float64Array.from(table.slot, (first, element) => {
    const vector = vectors[table.ciphertext[element]!]!;
    let sum = 0;
    for (let slot = first % period; slot < slotCount; slot += period) sum += vector[slot]!;
    return (sum * period) / slotCount;
  });
}

/** Features, rows and columns of the patch tensor that a packing describes. */
export function patchShape(
  packing: Pick<InputPacking, 'channels' | 'height' | 'width' | 'kernel' | 'stride' | 'padding'>,
): [number, number, number] {
  const side = (size: number, axis: 0 | 1) =>
    Math.floor((size + 2 * packing.padding[axis] - packing.kernel[axis]) / packing.stride[axis]) + 1;
  return [
    packing.channels * packing.kernel[0] * packing.kernel[1],
    side(packing.height, 0),
    side(packing.width, 1),
  ];
}

/**
 * What the workstation encrypts: every patch that a strided first convolution reads, one feature (channel, ky, kx)
 * beside the other, so that the first layer needs no spatial rotation. A 1×1 kernel leaves the latent as it is.
 *
 * @param values  C×H×W latent.
 * @returns       one vector of `slotCount` per ciphertext.
 */
export function packPatches(
  values: ArrayLike<number>,
  packing: InputPacking,
  slotCount: number,
): Float64Array[] {
  const [features, rows, columns] = patchShape(packing);
  const patches = new Float64Array(features * rows * columns);
  const [kernelY, kernelX] = packing.kernel;
  let element = 0;
  for (let feature = 0; feature < features; feature += 1) {
    const channel = Math.floor(feature / (kernelY * kernelX));
    const ky = Math.floor(feature / kernelX) % kernelY;
    const kx = feature % kernelX;
    for (let y = 0; y < rows; y += 1) {
      for (let x = 0; x < columns; x += 1) {
        const sourceY = y * packing.stride[0] + ky - packing.padding[0];
        const sourceX = x * packing.stride[1] + kx - packing.padding[1];
        const inside = sourceY >= 0 && sourceY < packing.height && sourceX >= 0 && sourceX < packing.width;
        patches[element] = inside
          ? values[(channel * packing.height + sourceY) * packing.width + sourceX]!
          : 0;
        element += 1;
      }
    }
  }
  return scatter(patches, packing.layout, slotCount);
}
