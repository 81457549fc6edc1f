import { z } from 'zod';
import { parseBundleFile } from '../../contract/bundle.ts';
import { CxrError } from '../../contract/errors.ts';
import { seededTensor } from '../seeded-tensor.ts';

/**
 * This file holds the form in which training/ exports a trained network: nodes in an order in which each reads only
 * earlier ones, over named float32 tensors. Spatial values have the shape [channels, height, width], vectors have the
 * shape [units]. An activation has one coefficient per channel, or one for the whole layer.
 */
const name = z.string().min(1).max(64);
const side = z.int().min(1).max(1024);
const pair = z.tuple([z.int().min(0).max(64), z.int().min(0).max(64)]);
const positivePair = z.tuple([z.int().min(1).max(64), z.int().min(1).max(64)]);

/**
 * These are the fields of an activation node. a, b and c name the tensors of its coefficients; `inputBound` is the
 * largest |x| seen in training, with a margin.
 */
const activation = {
  id: name,
  input: name,
  a: name,
  b: name,
  c: name,
  inputBound: z.number().positive(),
};

const nodeSchema = z.discriminatedUnion('op', [
  z.strictObject({
    op: z.literal('conv2d'),
    id: name,
    input: name,
    weight: name,
    bias: name.nullable(),
    stride: positivePair,
    padding: pair,
    groups: z.int().min(1),
  }),
  z.strictObject({
    op: z.literal('batchNorm'),
    id: name,
    input: name,
    gamma: name,
    beta: name,
    mean: name,
    variance: name,
    epsilon: z.number().positive(),
  }),
  /** Computes a·x² + b·x + c for every element. */
  z.strictObject({ op: z.literal('quadratic'), ...activation }),
  /** Computes a·x³ + b·x + c for every element. It stands for the gate of the paper's squeeze-and-excitation. */
  z.strictObject({ op: z.literal('cubic'), ...activation }),
  z.strictObject({ op: z.literal('globalAveragePool'), id: name, input: name }),
  z.strictObject({
    op: z.literal('averagePool'),
    id: name,
    input: name,
    kernel: positivePair,
    stride: positivePair,
  }),
  z.strictObject({ op: z.literal('flatten'), id: name, input: name }),
  z.strictObject({ op: z.literal('linear'), id: name, input: name, weight: name, bias: name.nullable() }),
  z.strictObject({ op: z.literal('scaleChannels'), id: name, input: name, gate: name }),
  z.strictObject({ op: z.literal('add'), id: name, input: name, other: name }),
]);
/** A graph node is an operator, the values that it reads, and the names of its tensors. */
export type GraphNode = z.infer<typeof nodeSchema>;

const shapeSchema = z.array(z.int().min(1)).max(4);
/** A tensor is stored in the weights file (`offset` in float32 elements), or drawn from `seed` by `seededTensor`. */
const tensorSchema = z.union([
  z.strictObject({ shape: shapeSchema, offset: z.int().min(0) }),
  z.strictObject({
    shape: shapeSchema,
    seed: z.int().min(0).max(0xffffffff),
    spread: z.number().positive(),
  }),
]);

/** This is the schema of a graph document, version 1. */
export const graphSchema = z.object({
  format: z.literal('cipherfilm-graph/1'),
  name,
  input: z.object({ shape: z.tuple([side, side, side]) }),
  tensors: z.record(name, tensorSchema),
  nodes: z.array(nodeSchema).min(1).max(512),
  output: name,
  outputBound: z.number().positive(),
});
/**
 * This is a graph document whose form has been checked, but not its references, shapes and weights; `openGraph` checks
 * those.
 */
export type GraphLiteral = z.infer<typeof graphSchema>;

/**
 * Operators without an encrypted form have to be replaced by these. Ciphertexts only know addition and multiplication.
 */
const replacements: Readonly<Record<string, string>> = {
  relu: 'quadratic',
  gelu: 'quadratic',
  silu: 'quadratic',
  sigmoid: 'cubic',
  tanh: 'cubic',
  softmax: 'the logits; the workstation applies what follows them',
  maxPool: 'averagePool',
  layerNorm: 'batchNorm',
};

/**
 * Parses the text of a graph document.
 *
 * @param file  the document's name, for errors.
 * @throws CxrError `graph-unsupported` for an unknown operator, with the node and what to use instead; `bundle-invalid`
 *   when the text is not JSON; `graph-invalid` for anything else, with the node or the path.
 */
export function parseGraph(text: string, file: string): GraphLiteral {
  const json = parseBundleFile(z.looseObject({ nodes: z.array(z.unknown()) }), text, file);
  const known = nodeSchema.options.map((option) => option.shape.op.value as string);
  for (const node of json.nodes) {
    const { op, id } = z.looseObject({ op: z.string(), id: z.string() }).safeParse(node).data ?? {};
    if (op === undefined || known.includes(op)) continue;
    const instead = Object.hasOwn(replacements, op) ? replacements[op] : undefined;
    throw new CxrError('graph-unsupported', {
      node: String(id).slice(0, 64),
      reason: `operator "${op.slice(0, 32)}" has no encrypted form: use ${instead ?? `one of ${known.join(', ')}`}`,
    });
  }
  const parsed = graphSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const path = parsed.error.issues[0]?.path ?? [];
  const node = z.looseObject({ id: z.string().max(64) }).safeParse(json.nodes[Number(path[1])]).data;
  throw new CxrError('graph-invalid', {
    ...(path[0] === 'nodes' && node !== undefined ? { node: node.id } : {}),
    path: path.join('.'),
    reason: parsed.error.issues[0]?.message ?? '',
  });
}

/** A shape lists the sides of a tensor: [channels, height, width] or [units]. */
export type Shape = readonly number[];
/** A tensor has a shape and values in row-major order. */
export type Tensor = { readonly shape: Shape; readonly values: Float64Array };

/**
 * This is a graph whose references, shapes and weights have been checked. `shapes` gives the shape of every node's
 * value and of `input`; `tensor` gives a named tensor.
 */
export type Graph = {
  readonly literal: GraphLiteral;
  readonly shapes: ReadonlyMap<string, Shape>;
  tensor(name: string): Tensor;
};

const maxTensorSize = 2 ** 26;
/** A node's value has at most this many elements. So many already fill hundreds of ciphertexts. */
const maxValueSize = 2 ** 22;

/** Counts the elements of a tensor of this shape. */
export const sizeOf = (shape: Shape): number => shape.reduce((product, side) => product * side, 1);

/**
 * Checks a parsed graph against its weights and infers the shape of every value.
 *
 * @param weights  all stored tensors one after the other, float32, little-endian.
 * @throws CxrError `graph-invalid` with the node's id: an unknown reference, a wrong shape, a weight that is not
 *   finite, a tensor or value that is too large.
 */
export function openGraph(literal: GraphLiteral, weights: Uint8Array): Graph {
  const tensors = new Map<string, Tensor>();
  const view = new DataView(weights.buffer, weights.byteOffset, weights.byteLength);
  for (const [id, tensor] of Object.entries(literal.tensors)) {
    const { shape } = tensor;
    const size = sizeOf(shape);
    if (size > maxTensorSize)
      throw new CxrError('graph-invalid', {
        node: readerOf(literal, id),
        tensor: id,
        reason: 'too large',
        got: size,
        expected: maxTensorSize,
      });
    const values = 'seed' in tensor ? seededTensor(size, tensor.seed, tensor.spread) : new Float64Array(size);
    if ('offset' in tensor) {
      if ((tensor.offset + size) * 4 > weights.length)
        throw new CxrError('graph-invalid', {
          node: readerOf(literal, id),
          tensor: id,
          reason: 'outside the weights: export the network again',
        });
      for (let index = 0; index < size; index += 1)
        values[index] = view.getFloat32((tensor.offset + index) * 4, true);
    }
    if (!values.every(Number.isFinite))
      throw new CxrError('graph-invalid', {
        node: readerOf(literal, id),
        tensor: id,
        reason: 'not finite: export the trained weights again',
      });
    tensors.set(id, { shape, values });
  }
  const shapes = new Map<string, Shape>([['input', literal.input.shape]]);
  for (const node of literal.nodes) {
    if (shapes.has(node.id)) throw new CxrError('graph-invalid', { node: node.id, reason: 'defined twice' });
    const shape = inferShape(node, shapes, (id) => tensors.get(id) ?? missingTensor(node, id));
    if (sizeOf(shape) > maxValueSize)
      throw new CxrError('graph-invalid', {
        node: node.id,
        reason: 'value too large: use fewer channels or a larger stride',
        got: sizeOf(shape),
        expected: maxValueSize,
      });
    shapes.set(node.id, shape);
  }
  if (!shapes.has(literal.output))
    throw new CxrError('graph-invalid', { node: literal.output, reason: 'missing' });
  if (literal.output === 'input')
    throw new CxrError('graph-invalid', { node: 'input', reason: 'the output must be a node' });
  return { literal, shapes, tensor: (id) => tensors.get(id)! };
}

const readerOf = (literal: GraphLiteral, tensor: string): string =>
  literal.nodes.find((node) => Object.values(node).includes(tensor))?.id ?? 'none';

function missingTensor(node: GraphNode, tensor: string): never {
  throw new CxrError('graph-invalid', { node: node.id, tensor, reason: 'missing' });
}

function inferShape(
  node: GraphNode,
  shapes: ReadonlyMap<string, Shape>,
  tensor: (id: string) => Tensor,
): Shape {
  const refuse = (reason: string, got: Shape, expected: Shape): never => {
    throw new CxrError('graph-invalid', { node: node.id, reason, got: [...got], expected: [...expected] });
  };
  const shapeOf = (id: string): Shape => shapes.get(id) ?? refuse(`input "${id}" not defined before`, [], []);
  const input = shapeOf(node.input);
  const [channels = 0, height = 0, width = 0] = input;
  const expectVector = (id: string, length: number) => {
    const got = tensor(id).shape;
    if (got.length !== 1 || got[0] !== length) refuse(`tensor "${id}"`, got, [length]);
  };
  const expectSpatial = () => {
    if (input.length !== 3) refuse('input must be spatial', input, [0, 0, 0]);
  };
  switch (node.op) {
    case 'conv2d': {
      expectSpatial();
      const [out = 0, perGroup = 0, kernelY = 0, kernelX = 0, ...rest] = tensor(node.weight).shape;
      if (kernelX === 0 || rest.length > 0)
        refuse('weight must be [out, in / groups, rows, columns]', tensor(node.weight).shape, [0, 0, 0, 0]);
      if (channels % node.groups !== 0 || out % node.groups !== 0 || perGroup !== channels / node.groups) {
        refuse('weight', tensor(node.weight).shape, [out, channels / node.groups, kernelY, kernelX]);
      }
      if (node.bias !== null) expectVector(node.bias, out);
      const rows = Math.floor((height + 2 * node.padding[0] - kernelY) / node.stride[0]) + 1;
      const columns = Math.floor((width + 2 * node.padding[1] - kernelX) / node.stride[1]) + 1;
      if (rows < 1 || columns < 1) refuse('kernel larger than the padded input', input, [kernelY, kernelX]);
      return [out, rows, columns];
    }
    case 'batchNorm':
      for (const id of [node.gamma, node.beta, node.mean, node.variance]) expectVector(id, channels);
      if (!tensor(node.variance).values.every((value) => value >= 0 && value + node.epsilon >= 1e-12))
        refuse('variance must not be negative, nor too small to divide by: raise epsilon', [], []);
      return input;
    case 'quadratic':
    case 'cubic':
      for (const id of [node.a, node.b, node.c])
        if (sizeOf(tensor(id).shape) !== 1) expectVector(id, channels);
      if (tensor(node.a).values.some((value) => value === 0)) refuse('coefficient a is zero', [], []);
      return input;
    case 'globalAveragePool':
      expectSpatial();
      return [channels];
    case 'averagePool': {
      expectSpatial();
      const rows = Math.floor((height - node.kernel[0]) / node.stride[0]) + 1;
      const columns = Math.floor((width - node.kernel[1]) / node.stride[1]) + 1;
      if (rows < 1 || columns < 1) refuse('pool larger than the input', input, node.kernel);
      return [channels, rows, columns];
    }
    case 'flatten':
      return [sizeOf(input)];
    case 'linear': {
      const [out = 0, inputs = 0, ...rest] = tensor(node.weight).shape;
      if (input.length !== 1)
        refuse('input must be a vector: put flatten or globalAveragePool before it', input, [sizeOf(input)]);
      if (inputs !== input[0] || rest.length > 0)
        refuse('weight', tensor(node.weight).shape, [out, sizeOf(input)]);
      if (node.bias !== null) expectVector(node.bias, out);
      return [out];
    }
    case 'scaleChannels': {
      expectSpatial();
      const gate = shapeOf(node.gate);
      if (gate.length !== 1 || gate[0] !== channels) refuse('gate', gate, [channels]);
      return input;
    }
    case 'add': {
      const other = shapeOf(node.other);
      if (other.length !== input.length || other.some((side, index) => side !== input[index]))
        refuse('other', other, input);
      return input;
    }
  }
}
