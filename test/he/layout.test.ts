import { describe, expect, it } from 'vitest';
import { gridLayout, packPatches, scatter, slotTable } from '../../he/layout.ts';

describe('grid layout', () => {
  it('puts one channel of 4×4 with phases 2×2 where the picture in layout.ts says', () => {
    const { slot } = slotTable(gridLayout([1, 4, 4], [2, 2], 16, 0), 16);
    expect([...slot]).toEqual([0, 4, 1, 5, 8, 12, 9, 13, 2, 6, 3, 7, 10, 14, 11, 15]);
  });

  it('moves cyclically with the displacement and never puts two elements in one slot', () => {
    const { slot } = slotTable(gridLayout([4, 4, 4], [2, 2], 64, 5), 64);
    expect(slot[0]).toBe(5);
    expect(new Set(slot).size).toBe(64);
  });

  it('opens a second ciphertext when the slots are full', () => {
    const layout = gridLayout([8, 4, 4], [2, 2], 64, 0);
    expect([layout.channelsPerCiphertext, layout.ciphertexts]).toEqual([4, 2]);
    const [first, second] = scatter(
      Float64Array.from({ length: 128 }, (_, i) => i),
      layout,
      64,
    );
    expect([first![0], second![0]]).toEqual([0, 64]);
  });
});

describe('patches', () => {
  it('hold for every position what a padded 3×3 kernel reads', () => {
    // 1×2×2 image 1 2 / 3 4, kernel 3, padding 1: the centre feature (index 4) is the image itself; the top-left
    // feature (index 0) reads one row up and one column left: 0 0 / 0 1.
    const packing = {
      kind: 'patches',
      channels: 1,
      height: 2,
      width: 2,
      kernel: [3, 3],
      stride: [1, 1],
      padding: [1, 1],
      phases: [1, 1],
      grid: [2, 2],
      featuresPerCiphertext: 16,
      ciphertexts: 1,
      displacement: 0,
    } as const;
    const [slots] = packPatches([1, 2, 3, 4], structuredClone(packing) as never, 64);
    expect([...slots!.subarray(16, 20)]).toEqual([1, 2, 3, 4]);
    expect([...slots!.subarray(0, 4)]).toEqual([0, 0, 0, 1]);
  });
});
