import { describe, expect, it } from 'vitest';
import { compile } from '../../../he/compiler/compile.ts';
import { explainCircuit, tinyGraph, tinyRing } from '../../../he/compiler/explain.ts';
import { openGraph } from '../../../he/compiler/graph.ts';
import { applyMap, convolutionMap, denseMap, type LinearMap } from '../../../he/compiler/linear-map.ts';
import { diagonalForm, diagonalPlaces } from '../../../he/compiler/passes/diagonals.ts';
import { chooseGiantStep } from '../../../he/compiler/passes/giant-step.ts';
import { packPatches, type SlotLayout, scatter, slotTable, vectorLayout } from '../../../he/layout.ts';

/** The numbers that the docstrings of he/ draw, computed by the code that they explain. */
const matrix = Float64Array.from([11, 12, 13, 14, 21, 22, 23, 24, 31, 32, 33, 34, 41, 42, 43, 44]);
const four = vectorLayout(4, 4);
const times = (values: ArrayLike<number>, other: ArrayLike<number>) =>
  Array.from(values, (value, index) => value * other[index]!);
const plus = (values: readonly number[], other: readonly number[]) =>
  values.map((value, index) => value + other[index]!);
const rotate = (values: readonly number[], step: number) =>
  values.map((_, index) => values[(index + step + values.length) % values.length]!);
const diagonalsOf = (map: LinearMap, to: SlotLayout) =>
  diagonalForm(map, four, to, 4).diagonals.map(({ values }) => [...values]);

describe('the pictures of he/layout.ts', () => {
  const slots = (bits: SlotLayout['bits']) => [
    ...slotTable({ shape: [1, 4, 4], bits: [...bits], displacement: 0 }, 16).slot,
  ];

  it('show a 4×4 image as four phases, and in the order of raster', () => {
    expect(slots(['x1', 'y1', 'x0', 'y0'])).toEqual([0, 4, 1, 5, 8, 12, 9, 13, 2, 6, 3, 7, 10, 14, 11, 15]);
    expect(slots(['x0', 'x1', 'y0', 'y1'])).toEqual(Array.from({ length: 16 }, (_, slot) => slot));
  });

  it('show a vector of 3 in 8 slots', () => {
    expect([...scatter([1, 2, 3], vectorLayout(3, 8), 8)[0]!]).toEqual([1, 2, 3, 0, 1, 2, 3, 0]);
  });

  it('show the patches of a 2×2 kernel with stride 2', () => {
    const layout: SlotLayout = { shape: [4, 2, 2], bits: ['x0', 'y0', 'c0', 'c1'], displacement: 0 };
    const [packed] = packPatches(
      Array.from({ length: 16 }, (_, pixel) => pixel),
      {
        kind: 'patches',
        channels: 1,
        height: 4,
        width: 4,
        kernel: [2, 2],
        stride: [2, 2],
        padding: [0, 0],
        ciphertexts: 1,
        layout,
      },
      16,
    );
    expect([...packed!]).toEqual([0, 2, 8, 10, 1, 3, 9, 11, 4, 6, 12, 14, 5, 7, 13, 15]);
  });
});

describe('the pictures of linear maps', () => {
  it('show the rows of a 2×2 kernel on 3×3', () => {
    const weight = { shape: [1, 1, 2, 2], values: Float64Array.from([1, 2, 3, 4]) };
    const form = { stride: [1, 1], padding: [0, 0], groups: 1 } as const;
    const map = convolutionMap([1, 3, 3], [1, 2, 2], weight, null, form);
    const rows = [0, 1, 2, 3].map((out) => {
      const row = new Array<number>(9).fill(0);
      map.row(out, (input, value) => {
        row[input]! += value;
      });
      return row.join('');
    });
    expect(rows).toEqual(['120340000', '012034000', '000120340', '000012034']);
  });

  it('show the four diagonals of a 4×4 matrix', () => {
    expect(diagonalsOf(denseMap([4], [4], matrix, null), four)).toEqual([
      [11, 22, 33, 44],
      [12, 23, 34, 41],
      [13, 24, 31, 42],
      [14, 21, 32, 43],
    ]);
  });

  it('show the fold of two rows', () => {
    const map = denseMap([4], [2], matrix.slice(0, 8), null);
    const [first, second] = diagonalsOf(map, vectorLayout(2, 4));
    expect([first, second]).toEqual([
      [11, 22, 13, 24],
      [12, 23, 14, 21],
    ]);
    const partial = plus(times([1, 2, 3, 4], first!), times([2, 3, 4, 1], second!));
    expect(partial).toEqual([35, 113, 95, 117]);
    expect(plus(partial, rotate(partial, 2))).toEqual([130, 230, 130, 230]);
  });

  it('show babies and giants', () => {
    const map = denseMap([4], [4], matrix, null);
    const { places } = diagonalPlaces(map, four, four, 4);
    expect(chooseGiantStep(places, 4)).toEqual({ step: 2, rotations: 2 });
    const sixteen = Array.from({ length: 16 }, (_, rotation) => ({ input: 0, output: 0, rotation }));
    expect(chooseGiantStep(sixteen, 16)).toEqual({ step: 4, rotations: 6 });

    const [zero, one, two, three] = diagonalsOf(map, four);
    const [baby0, baby1] = [
      [1, 2, 3, 4],
      [2, 3, 4, 1],
    ] as const;
    expect([rotate(two!, -2), rotate(three!, -2)]).toEqual([
      [31, 42, 13, 24],
      [32, 43, 14, 21],
    ]);
    const giant1 = plus(times(baby0, rotate(two!, -2)), times(baby1, rotate(three!, -2)));
    const giant0 = plus(times(baby0, zero!), times(baby1, one!));
    expect([giant1, giant0]).toEqual([
      [95, 213, 95, 117],
      [35, 113, 235, 217],
    ]);
    expect(plus(rotate(giant1, 2), giant0)).toEqual([130, 230, 330, 430]);
    expect([...applyMap(map, Float64Array.from(baby0))]).toEqual([130, 230, 330, 430]);
  });
});

describe('the pictures of compiled programs', () => {
  it('show the steps of a 4×4 matrix', () => {
    const graph = openGraph(
      {
        format: 'cipherfilm-graph/1',
        name: 'four',
        input: { shape: [4, 1, 1] },
        tensors: { weight: { shape: [4, 4], seed: 1, spread: 1 } },
        nodes: [
          { op: 'flatten', id: 'flat', input: 'input' },
          { op: 'linear', id: 'dense', input: 'flat', weight: 'weight', bias: null },
        ],
        output: 'dense',
        outputBound: 16,
      },
      new Uint8Array(),
    );
    const { program } = compile(graph, {
      ring: { polyModulusDegree: 8, primeBits: 30, specialPrimeBits: 30 },
    });
    expect(program.steps.map(({ op }) => op)).toEqual([
      'input',
      'rotate',
      'sumOfProducts',
      'rotate',
      'sumOfProducts',
      'add',
    ]);
    expect(program.cost).toMatchObject({ rotations: 2, plaintextProducts: 4, levels: 1 });
    expect(program.keys.rotations.map(({ step }) => step)).toEqual([1, 2]);
  });

  it('show a stride that finds its phases in neighbouring lanes', () => {
    const graph = tinyGraph();
    const text = explainCircuit(graph, compile(graph, { ring: tinyRing, strategy: 'phases' }));
    expect(text).toContain('slot bits        x1 y1 x0 y0');
    // The output of the stride has no holes.
    expect(text).toContain('slot bits        x0 y0 c0 replica replica');
  });
});
