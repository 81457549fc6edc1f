import type { InputPacking } from '../contract/bundle.ts';
import type { Shape } from './graph.ts';

/**
 * Where tensor elements lie in the slots; the only file that computes slot indices.
 *
 * `grid`: a spatial tensor [C, H, W] whose H×W is a multiple of a coarse gridY×gridX. Each of the phasesY×phasesX
 * sub-grids of a channel is a lane of gridY·gridX consecutive slots, so that a stride-2 layer reads its phases from
 * neighbouring lanes and no slot is lost. Lanes fill the high slot bits: rotating by lanes is exactly cyclic.
 *
 *   slot = (lane·gridY·gridX + (y div phasesY)·gridX + (x div phasesX) + displacement) mod slotCount
 *   lane = (c mod channelsPerCiphertext)·phases + (y mod phasesY)·phasesX + (x mod phasesX)
 *
 * Smallest case, one channel of 4×4, phases 2×2, grid 2×2, 16 slots, displacement 0 (numbers are slots):
 *
 *      0  4  1  5
 *      8 12  9 13
 *      2  6  3  7
 *     10 14 11 15
 *
 * `periodic`: a vector whose element j lies in every slot congruent to j modulo the period (a power of two).
 */
export type GridLayout = {
  readonly kind: 'grid';
  readonly shape: Shape;
  readonly grid: readonly [number, number];
  readonly phases: readonly [number, number];
  readonly channelsPerCiphertext: number;
  readonly ciphertexts: number;
  readonly displacement: number;
};
export type PeriodicLayout = { readonly kind: 'periodic'; readonly count: number; readonly period: number };
export type Layout = GridLayout | PeriodicLayout;

export const nextPowerOfTwo = (value: number): number => 2 ** Math.ceil(Math.log2(value));

/** Lays a [C, H, W] tensor over as few ciphertexts as possible. */
export function gridLayout(
  shape: Shape,
  grid: readonly [number, number],
  slotCount: number,
  displacement: number,
): GridLayout {
  const [channels = 0, height = 0, width = 0] = shape;
  const phases = [height / grid[0], width / grid[1]] as const;
  const slotsPerChannel = height * width;
  const channelsPerCiphertext = Math.min(nextPowerOfTwo(channels), Math.floor(slotCount / slotsPerChannel));
  return {
    kind: 'grid',
    shape,
    grid,
    phases,
    channelsPerCiphertext,
    ciphertexts: Math.ceil(channels / channelsPerCiphertext),
    displacement,
  };
}

export type SlotTable = { readonly ciphertext: Int32Array; readonly slot: Int32Array };

/** Ciphertext and slot of every element of a grid layout, in element order. */
export function slotTable(layout: GridLayout, slotCount: number): SlotTable {
  const [channels = 0, height = 0, width = 0] = layout.shape;
  const ciphertext = new Int32Array(channels * height * width);
  const slot = new Int32Array(channels * height * width);
  const area = layout.grid[0] * layout.grid[1];
  const phases = layout.phases[0] * layout.phases[1];
  let element = 0;
  for (let c = 0; c < channels; c += 1) {
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) {
        const phase = (y % layout.phases[0]) * layout.phases[1] + (x % layout.phases[1]);
        const lane = (c % layout.channelsPerCiphertext) * phases + phase;
        const position = Math.floor(y / layout.phases[0]) * layout.grid[1] + Math.floor(x / layout.phases[1]);
        ciphertext[element] = Math.floor(c / layout.channelsPerCiphertext);
        slot[element] = (lane * area + position + layout.displacement) % slotCount;
        element += 1;
      }
    }
  }
  return { ciphertext, slot };
}

/** Which element each slot of one ciphertext holds; −1 where none. */
export function elementTable(layout: GridLayout, ciphertext: number, slotCount: number): Int32Array {
  const elements = new Int32Array(slotCount).fill(-1);
  const table = slotTable(layout, slotCount);
  for (let element = 0; element < table.slot.length; element += 1) {
    if (table.ciphertext[element] === ciphertext) elements[table.slot[element]!] = element;
  }
  return elements;
}

/** Fills slot vectors from a tensor, or reads it back; zero where no element lies. */
export function scatter(values: ArrayLike<number>, layout: Layout, slotCount: number): Float64Array[] {
  if (layout.kind === 'periodic') {
    return [Float64Array.from({ length: slotCount }, (_, slot) => values[slot % layout.period] ?? 0)];
  }
  const table = slotTable(layout, slotCount);
  const vectors = Array.from({ length: layout.ciphertexts }, () => new Float64Array(slotCount));
  for (let element = 0; element < table.slot.length; element += 1) {
    vectors[table.ciphertext[element]!]![table.slot[element]!] = values[element]!;
  }
  return vectors;
}

/** Features, rows and columns of the patch tensor that a packing describes. */
export function patchShape(packing: InputPacking): [number, number, number] {
  const rows =
    Math.floor((packing.height + 2 * packing.padding[0] - packing.kernel[0]) / packing.stride[0]) + 1;
  const columns =
    Math.floor((packing.width + 2 * packing.padding[1] - packing.kernel[1]) / packing.stride[1]) + 1;
  return [packing.channels * packing.kernel[0] * packing.kernel[1], rows, columns];
}

/** The layout of the patch tensor; `featuresPerCiphertext` and the rest come from the packing itself. */
export function patchLayout(packing: InputPacking): GridLayout {
  return {
    kind: 'grid',
    shape: patchShape(packing),
    grid: packing.grid,
    phases: packing.phases,
    channelsPerCiphertext: packing.featuresPerCiphertext,
    ciphertexts: packing.ciphertexts,
    displacement: packing.displacement,
  };
}

/**
 * What the workstation encrypts: every patch that the first convolution reads, one feature (channel, ky, kx) per
 * lane, so that the first layer needs no spatial rotation.
 *
 * @param values  C×H×W latent.
 * @returns       `packing.ciphertexts` vectors of `slotCount`.
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
  return scatter(patches, patchLayout(packing), slotCount);
}
