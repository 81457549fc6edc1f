import type { InputPacking } from '../../../contract/bundle.ts';
import { patchShape } from '../../layout.ts';
import type { Graph } from '../graph.ts';
import type { LinearMap } from '../linear-map.ts';
import { type AffineLayer, type FoldedNetwork, inputsOf } from './fold.ts';

/**
 * This is what the workstation must know to gather patches: the shape of the latent and the kernel, stride and padding
 * of the convolution that reads it.
 */
export type PatchForm = Omit<InputPacking, 'layout' | 'ciphertexts'>;

/**
 * Moves the gathering of a strided first convolution to the workstation. The network's input becomes the tensor of
 * patches, [channels·kernelY·kernelX, rows, columns], and the convolution becomes a 1×1 convolution over their
 * features. A first convolution without a stride is left as it is, because its patches would only be larger than the
 * latent.
 *
 * Smallest case: a 2×2 kernel with stride 2 reads a 4×4 image. Its input becomes 4 features of 2×2, and output (y, x)
 * reads feature (ky, kx) at (y, x), which is the pixel (2y + ky, 2x + kx). `packPatches` in he/layout.ts draws these
 * features.
 *
 * @returns the network that reads patches, and the form of the patches. The form's kernel is 1×1 where nothing was
 *   moved.
 */
export function gatherPatches(
  graph: Graph,
  network: FoldedNetwork,
): { network: FoldedNetwork; form: PatchForm } {
  const [channels, height, width] = graph.literal.input.shape;
  const whole: PatchForm = {
    kind: 'patches',
    channels,
    height,
    width,
    kernel: [1, 1],
    stride: [1, 1],
    padding: [0, 0],
  };
  const node = graph.literal.nodes.find(({ input }) => input === 'input');
  const layer = onlyReader(network);
  if (layer === null || node?.op !== 'conv2d' || Math.max(...node.stride) === 1)
    return { network, form: whole };
  const [, , kernelY = 0, kernelX = 0] = graph.tensor(node.weight).shape;
  if (!isConvolution(layer.terms[0]!.map, [kernelY, kernelX], node)) return { network, form: whole };
  const form: PatchForm = {
    ...whole,
    kernel: [kernelY, kernelX],
    stride: node.stride,
    padding: node.padding,
  };
  const shape = patchShape(form);
  const map = overPatches(layer.terms[0]!.map, form, shape);
  const gathered: AffineLayer = { ...layer, terms: [{ input: 'input', map }] };
  return {
    form,
    network: {
      ...network,
      shapes: new Map(network.shapes).set('input', shape),
      layers: network.layers.map((other) => (other === layer ? gathered : other)),
    },
  };
}

/** Finds the layer that reads the input, when there is one and it reads nothing else. */
function onlyReader({ layers }: FoldedNetwork): AffineLayer | null {
  const readers = layers.filter((layer) => inputsOf(layer).includes('input'));
  const [layer] = readers;
  return readers.length === 1 && layer?.kind === 'affine' && layer.terms.length === 1 ? layer : null;
}

/** Tells whether a layer's map is exactly this convolution, and not one with which further maps were composed. */
function isConvolution(
  { stencil }: LinearMap,
  kernel: readonly [number, number],
  { stride, padding }: Pick<PatchForm, 'stride' | 'padding'>,
): boolean {
  if (stencil === undefined || stencil.stride.join() !== stride.join()) return false;
  return stencil.taps.every(({ guards }) => {
    const inside = (axis: 0 | 1) => {
      const at = guards[0]!.offset[axis] + padding[axis];
      return at >= 0 && at < kernel[axis];
    };
    return guards.length === 1 && inside(0) && inside(1);
  });
}

/**
 * Renames the inputs of a map: element (c, sy, sx), read by an output at (y, x), becomes feature (c, sy − y·stride +
 * padding, …) at (y, x).
 */
function overPatches(map: LinearMap, form: PatchForm, shape: readonly [number, number, number]): LinearMap {
  const [, rows, columns] = shape;
  const area = form.height * form.width;
  return {
    inShape: shape,
    outShape: map.outShape,
    bias: map.bias,
    row: (out, visit) => {
      const y = Math.floor(out / columns) % rows;
      const x = out % columns;
      map.row(out, (input, weight) => {
        const channel = Math.floor(input / area);
        const ky = Math.floor((input % area) / form.width) - y * form.stride[0] + form.padding[0];
        const kx = (input % form.width) - x * form.stride[1] + form.padding[1];
        const feature = (channel * form.kernel[0] + ky) * form.kernel[1] + kx;
        visit((feature * rows + y) * columns + x, weight);
      });
    },
  };
}
