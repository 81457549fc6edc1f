import type { InputPacking, SlotLayout } from '../contract/bundle.ts';

/**
 * This file says where the elements of a tensor lie in the slots of ciphertexts. A *slot* is one of the N/2 numbers
 * that a ciphertext of ring degree N carries. No other file computes slot indices.
 *
 * A layout is a permutation of bits. Each bit of a slot's number has a name, lowest bit first, and the name says which
 * bit of an element's coordinates it holds:
 *
 * - `x0` is the lowest bit of the column, `y2` is bit 2 of the row, `c5` is bit 5 of the channel.
 * - `hole` says that the tensor lies only in slots where this bit is 0. Slots where it is 1 belong to no element.
 * - `replica` says that the tensor is repeated: it lies in the slots with a 0 and in those with a 1. Replica bits are
 *   the highest of the slot's bits.
 * - Bits after the log2(slots) lowest ones number the ciphertext, when a tensor needs several.
 *
 * `displacement` moves the whole layout: an element whose bits give slot s lies in slot s + displacement, modulo the
 * number of slots.
 *
 * Smallest case: one channel of 4×4 lies in 16 slots with the bits x1 y1 x0 y0. The number at row y and column x is the
 * slot of that element:
 *
 *      0  4  1  5
 *      8 12  9 13
 *      2  6  3  7
 *     10 14 11 15
 *
 * A layer of stride 2 sees this image as four sub-grids, its *phases*: even rows and even columns, even rows and odd
 * columns, and so on. The four elements of the first phase lie in slots 0–3, those of the second in slots 4–7, then
 * 8–11 and 12–15. The layer therefore reads a whole phase by one rotation: by 0, 4, 8 or 12.
 */
export type { SlotLayout } from '../contract/bundle.ts';

/** Says how many bits number `count` things: ⌈log2 count⌉. One thing needs 0 bits, 4 need 2, 5 need 3. */
export const bitsFor = (count: number): number => Math.ceil(Math.log2(count));

const slotBitsOf = (slotCount: number): number => Math.log2(slotCount);

/**
 * Says after how many slots a layout repeats: 2^(number of slot bits that are not `replica`). A vector of 3 elements in
 * 8 slots has two bits for the element and one replica bit; it repeats every 4 slots.
 */
export function periodOf(layout: SlotLayout, slotCount: number): number {
  const replicas = layout.bits.slice(0, slotBitsOf(slotCount)).filter((bit) => bit === 'replica').length;
  return slotCount / 2 ** replicas;
}

/** The place of every element of a tensor, in element order (channel, then row, then column). */
export type SlotTable = {
  /** The ciphertext of each element, from 0. */
  readonly ciphertext: Int32Array;
  /** One of the slots of each element, in [0, slotCount). Its replicas follow at multiples of the period. */
  readonly slot: Int32Array;
  /** How many ciphertexts hold at least one element. */
  readonly ciphertexts: number;
  /**
   * For each of these ciphertexts, the number that the layout's bits beyond the slots spell. Numbers without an element
   * are left out.
   */
  readonly numbers: readonly number[];
};

/**
 * Computes the ciphertext and the slot of every element of a layout. Ciphertexts without an element are left out, so
 * that those that are left have the numbers 0, 1, 2, ….
 *
 * @param slotCount  slots of one ciphertext, a power of two.
 */
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

/** Counts the ciphertexts that a layout needs. */
export const ciphertextsOf = (layout: SlotLayout, slotCount: number): number =>
  slotTable(layout, slotCount).ciphertexts;

/**
 * Makes the layout of a vector: element j lies in every slot that is j modulo the next power of two. Three elements in
 * 8 slots lie as `0 1 2 – 0 1 2 –`.
 *
 * @param count  elements, at most `slotCount`.
 */
export function vectorLayout(count: number, slotCount: number): SlotLayout {
  const bits = Array.from({ length: slotBitsOf(slotCount) }, (_, index) =>
    index < bitsFor(count) ? `c${index}` : 'replica',
  );
  return { shape: [count, 1, 1], bits, displacement: 0 };
}

/**
 * Writes a tensor into vectors of slots, as its layout says. Every replica gets the value; slots of no element get 0.
 *
 * @param values  the tensor's elements in the order channel, row, column.
 * @returns one vector of `slotCount` values for each ciphertext.
 */
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

/**
 * Reads a tensor from vectors of slots; it undoes `scatter`. An element is the mean over its replicas, because each of
 * them carries its own noise after decryption.
 *
 * @returns the elements in the order channel, row, column.
 */
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

/**
 * Computes the shape of the patch tensor that a packing describes: [channels·kernelY·kernelX, rows, columns]. A *patch*
 * is the window of the input that one output position of a convolution reads. A 4×4 image read by a 2×2 kernel with
 * stride 2 has patches of shape [4, 2, 2].
 */
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
 * Makes the slot vectors that the workstation encrypts. Every patch that a strided first convolution reads is laid out
 * whole, one feature (channel, ky, kx) after the other, so that the first layer needs no rotation between positions. A
 * 1×1 kernel with stride 1 leaves the latent as it is.
 *
 * Smallest case: a 4×4 image with the values 0…15, a 2×2 kernel, stride 2. The four features are 2×2 grids and lie one
 * after the other in 16 slots:
 *
 *     feature (0,0): 0 2 8 10   (0,1): 1 3 9 11   (1,0): 4 6 12 14   (1,1): 5 7 13 15
 *
 * @param values  the C×H×W latent, in the order channel, row, column.
 * @returns one vector of `slotCount` values for each ciphertext.
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
