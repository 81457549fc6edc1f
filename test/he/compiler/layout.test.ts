import { describe, expect, it } from 'vitest';
import type { SlotLayout } from '../../../contract/bundle.ts';
import { gather, packPatches, periodOf, scatter, slotTable, vectorLayout } from '../../../he/layout.ts';

const layout = (shape: [number, number, number], bits: string, displacement = 0): SlotLayout => ({
  shape,
  bits: bits.split(' '),
  displacement,
});

describe('slot layout', () => {
  it('puts one channel of 4×4 with its sub-grids one after the other where the picture in layout.ts says', () => {
    const { slot } = slotTable(layout([1, 4, 4], 'x1 y1 x0 y0'), 16);
    expect([...slot]).toEqual([0, 4, 1, 5, 8, 12, 9, 13, 2, 6, 3, 7, 10, 14, 11, 15]);
  });

  it('moves cyclically with the displacement and never puts two elements in one slot', () => {
    const { slot } = slotTable(layout([4, 4, 4], 'x1 y1 x0 y0 c0 c1', 5), 64);
    expect(slot[0]).toBe(5);
    expect(new Set(slot).size).toBe(64);
  });

  it('numbers ciphertexts by the bits beyond the slots and leaves empty ones out', () => {
    // Five channels in a field of eight: the ciphertext of channels 6 and 7 would hold nothing.
    const wide = layout([5, 4, 4], 'x0 x1 y0 y1 c0 c1 c2');
    const table = slotTable(wide, 32);
    expect([table.ciphertexts, table.numbers]).toEqual([3, [0, 1, 2]]);
    const vectors = scatter(
      Float64Array.from({ length: 80 }, (_, index) => index),
      wide,
      32,
    );
    expect([vectors[0]![0], vectors[1]![0], vectors[2]![0], vectors[2]![16]]).toEqual([0, 32, 64, 0]);
  });

  it('repeats a tensor over its replicas and reads the mean of them back', () => {
    const vector = vectorLayout(3, 16);
    expect(periodOf(vector, 16)).toBe(4);
    const [slots] = scatter([1, 2, 3], vector, 16);
    expect([...slots!.subarray(0, 8)]).toEqual([1, 2, 3, 0, 1, 2, 3, 0]);
    slots![0] = 5;
    expect([...gather([slots!], vector)]).toEqual([2, 2, 3]);
  });
});

describe('patches', () => {
  const packing = {
    kind: 'patches' as const,
    channels: 1,
    height: 2,
    width: 2,
    kernel: [3, 3] as [number, number],
    stride: [1, 1] as [number, number],
    padding: [1, 1] as [number, number],
    ciphertexts: 1,
    layout: layout([9, 2, 2], 'x0 y0 c0 c1 c2 c3'),
  };

  it('hold for every position what a padded 3×3 kernel reads', () => {
    // 1×2×2 image 1 2 / 3 4, kernel 3, padding 1: the centre feature (index 4) is the image itself; the top-left
    // feature (index 0) reads one row up and one column left: 0 0 / 0 1.
    const [slots] = packPatches([1, 2, 3, 4], packing, 64);
    expect([...slots!.subarray(16, 20)]).toEqual([1, 2, 3, 4]);
    expect([...slots!.subarray(0, 4)]).toEqual([0, 0, 0, 1]);
  });

  it('are the latent itself for a 1×1 kernel', () => {
    const plain = {
      ...packing,
      kernel: [1, 1] as [number, number],
      padding: [0, 0] as [number, number],
      layout: layout([1, 2, 2], 'x0 y0 replica replica'),
    };
    expect([...packPatches([1, 2, 3, 4], plain, 16)[0]!]).toEqual(Array(4).fill([1, 2, 3, 4]).flat());
  });
});
