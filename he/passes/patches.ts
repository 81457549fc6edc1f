import type { InputPacking } from '../../contract/bundle.ts';
import { CxrError } from '../../contract/errors.ts';
import type { Graph, GraphNode } from '../graph.ts';
import { patchShape } from '../layout.ts';
import type { LinearMap } from '../linear-map.ts';
import type { FoldedNetwork, Layer } from './fold.ts';

export type PatchForm = Omit<
  InputPacking,
  'phases' | 'grid' | 'featuresPerCiphertext' | 'ciphertexts' | 'displacement'
>;

/**
 * Moves the first convolution's gathering to the client: its input becomes the tensor of patches
 * [channels·kernelY·kernelX, rows, columns] and its map a 1×1 convolution over features.
 *
 * @throws CxrError `graph-unsupported` when anything but one convolution reads the input.
 */
export function gatherPatches(
  graph: Graph,
  network: FoldedNetwork,
): { network: FoldedNetwork; form: PatchForm } {
  const readers = graph.literal.nodes.filter((node) => node.input === 'input');
  const first = readers[0];
  const layer = network.layers.find(
    (candidate) => candidate.kind === 'affine' && candidate.input === 'input',
  );
  if (readers.length !== 1 || first?.op !== 'conv2d' || layer?.kind !== 'affine') {
    throw new CxrError('graph-unsupported', {
      node: first?.id ?? 'input',
      reason: 'the input must be read by one convolution',
    });
  }
  const form = patchForm(graph, first);
  const shape = patchShape({
    ...form,
    phases: [1, 1],
    grid: [1, 1],
    featuresPerCiphertext: 1,
    ciphertexts: 1,
    displacement: 0,
  });
  const gathered: Layer = { ...layer, map: overPatches(layer.map, form, shape) };
  const shapes = new Map(network.shapes).set('input', shape);
  return {
    form,
    network: {
      ...network,
      shapes,
      layers: network.layers.map((other) => (other === layer ? gathered : other)),
    },
  };
}

function patchForm(graph: Graph, node: GraphNode & { op: 'conv2d' }): PatchForm {
  const [channels, height, width] = graph.literal.input.shape;
  const [, , kernelY = 0, kernelX = 0] = graph.tensor(node.weight).shape;
  return {
    kind: 'patches',
    channels,
    height,
    width,
    kernel: [kernelY, kernelX],
    stride: node.stride,
    padding: node.padding,
  };
}

/** Renames input element (c, sy, sx) of an output at (y, x) to feature (c, sy − y·stride + padding, …) at (y, x). */
function overPatches(map: LinearMap, form: PatchForm, shape: readonly [number, number, number]): LinearMap {
  const [, rows, columns] = shape;
  const area = form.height * form.width;
  return {
    ...map,
    inShape: shape,
    forEach: (visit) =>
      map.forEach((out, input, weight) => {
        const y = Math.floor(out / columns) % rows;
        const x = out % columns;
        const channel = Math.floor(input / area);
        const ky = Math.floor((input % area) / form.width) - y * form.stride[0] + form.padding[0];
        const kx = (input % form.width) - x * form.stride[1] + form.padding[1];
        const feature = (channel * form.kernel[0] + ky) * form.kernel[1] + kx;
        visit(out, (feature * rows + y) * columns + x, weight);
      }),
  };
}
