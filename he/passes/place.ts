import { CxrError } from '../../contract/errors.ts';
import { sizeOf } from '../graph.ts';
import { type GridLayout, gridLayout, type Layout, nextPowerOfTwo } from '../layout.ts';
import type { FoldedNetwork, Layer } from './fold.ts';

/**
 * Gives every value its layout.
 *
 * All spatial values share the coarsest grid of the network. Displacements are assigned backwards, from 0 at the
 * last grid, so that every convolution only ever reads at offsets ≥ 0: HefNet-R gets 18, 9, 0.
 */
export function placeValues(network: FoldedNetwork, slotCount: number): ReadonlyMap<string, Layout> {
  const grid = coarsestGrid(network);
  const displacement = assignDisplacements(network, grid);
  const layouts = new Map<string, Layout>();
  for (const id of ['input', ...network.layers.map((layer) => layer.id)]) {
    const shape = network.shapes.get(id)!;
    if (shape.length === 3) {
      const [, height = 0, width = 0] = shape;
      if (height * width > slotCount || height % grid[0] !== 0 || width % grid[1] !== 0) {
        throw new CxrError('graph-unsupported', {
          node: id,
          reason: 'not a multiple of the grid',
          got: [...shape],
          expected: [...grid],
        });
      }
      layouts.set(id, gridLayout(shape, grid, slotCount, displacement.get(id) ?? 0));
    } else {
      const period = nextPowerOfTwo(sizeOf(shape));
      if (period > slotCount)
        throw new CxrError('graph-unsupported', { node: id, reason: 'vector longer than the slots' });
      layouts.set(id, { kind: 'periodic', count: sizeOf(shape), period });
    }
  }
  for (const layer of network.layers) {
    if (layer.kind === 'product') checkSameLayout(layer, layouts);
  }
  return layouts;
}

function coarsestGrid(network: FoldedNetwork): [number, number] {
  const spatial = network.layers
    .map((layer) => network.shapes.get(layer.id)!)
    .filter((shape) => shape.length === 3);
  if (spatial.length === 0)
    throw new CxrError('graph-unsupported', { node: network.output, reason: 'no spatial layer' });
  return [Math.min(...spatial.map((shape) => shape[1]!)), Math.min(...spatial.map((shape) => shape[2]!))];
}

function assignDisplacements(network: FoldedNetwork, grid: readonly [number, number]): Map<string, number> {
  const displacement = new Map<string, number>();
  const require = (id: string, least: number) =>
    displacement.set(id, Math.max(displacement.get(id) ?? 0, least));
  for (const layer of network.layers.toReversed()) {
    const own = displacement.get(layer.id) ?? 0;
    if (layer.kind === 'product') {
      require(layer.left, own);
      require(layer.right, own);
    } else if (layer.kind !== 'affine') {
      require(layer.input, own);
    } else if (layer.map.inShape.length === 3 && layer.map.outShape.length === 3) {
      require(layer.input, own + lowestOffset(layer, grid));
    }
  }
  return displacement;
}

/** How far below its own position a map reads inside a lane, as a non-negative number of slots. */
function lowestOffset(layer: Layer & { kind: 'affine' }, grid: readonly [number, number]): number {
  const position = (shape: readonly number[]) => {
    const [, height = 0, width = 0] = shape;
    const [phaseY, phaseX] = [height / grid[0], width / grid[1]];
    return Int32Array.from({ length: sizeOf(shape) }, (_, element) => {
      const y = Math.floor(element / width) % height;
      return Math.floor(y / phaseY) * grid[1] + Math.floor((element % width) / phaseX);
    });
  };
  const from = position(layer.map.inShape);
  const to = position(layer.map.outShape);
  let lowest = 0;
  layer.map.forEach((out, input) => {
    lowest = Math.min(lowest, from[input]! - to[out]!);
  });
  return -lowest;
}

function checkSameLayout(layer: Layer & { kind: 'product' }, layouts: ReadonlyMap<string, Layout>): void {
  const [left, right] = [layouts.get(layer.left) as GridLayout, layouts.get(layer.right) as GridLayout];
  if (left.displacement !== right.displacement || left.kind !== right.kind) {
    throw new CxrError('graph-unsupported', { node: layer.id, reason: 'factors lie differently' });
  }
}
