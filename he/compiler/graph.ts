import { z } from 'zod';
import { parseBundleFile } from '../../contract/bundle.ts';
import { CxrError } from '../../contract/errors.ts';
import { seededTensor } from '../seeded-tensor.ts';

/**
 * A trained network as training/ exports it: nodes in topological order over named float32 tensors.
 * Shapes: spatial values are [channels, height, width], vectors are [units]. Coefficients of an activation are per
 * channel, or one for the whole layer.
 */
const name = z.string().min(1).max(64);
const side = z.int().min(1).max(1024);
const pair = z.tuple([z.int().min(0).max(64), z.int().min(0).max(64)]);
const positivePair = z.tuple([z.int().min(1).max(64), z.int().min(1).max(64)]);

/** Coefficients, and the largest |x| seen in training with a margin. */
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
  /** a·x² + b·x + c. */
  z.strictObject({ op: z.literal('quadratic'), ...activation }),
  /** a·x³ + b·x + c: the gate of the paper's squeeze-and-excitation. */
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
export type GraphNode = z.infer<typeof nodeSchema>;

const shapeSchema = z.array(z.int().min(1)).max(4);
/** Stored in the weights file (offset in float32 elements), or drawn from `seed`: see `seededTensor`. */
const tensorSchema = z.union([
  z.strictObject({ shape: shapeSchema, offset: z.int().min(0) }),
  z.strictObject({
    shape: shapeSchema,
    seed: z.int().min(0).max(0xffffffff),
    spread: z.number().positive(),
  }),
]);

export const graphSchema = z.object({
  format: z.literal('cipherfilm-graph/1'),
  name,
  input: z.object({ shape: z.tuple([side, side, side]) }),
  tensors: z.record(name, tensorSchema),
  nodes: z.array(nodeSchema).min(1).max(512),
  output: name,
  outputBound: z.number().positive(),
});
export type GraphLiteral = z.infer<typeof graphSchema>;

/** What to use in place of operators that have no encrypted form. */
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
 * Parses a graph document.
 *
 * @param file  its name, for errors.
 * @throws CxrError `graph-unsupported` naming the node of an unknown operator and what to use, `bundle-invalid` when
 *         it is not JSON, `graph-invalid` naming the node or the path of anything else.
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

export type Shape = readonly number[];
export type Tensor = { readonly shape: Shape; readonly values: Float64Array };

/** A graph whose references, shapes and values have been checked; `shapes` by node id. */
export type Graph = {
  readonly literal: GraphLiteral;
  readonly shapes: ReadonlyMap<string, Shape>;
  tensor(name: string): Tensor;
};

const maxTensorSize = 2 ** 26;
/** Elements of a node's value: hundreds of ciphertexts. */
const maxValueSize = 2 ** 22;

export const sizeOf = (shape: Shape): number => shape.reduce((product, side) => product * side, 1);

/**
 * Checks a parsed graph against its weights.
 *
 * @param weights  all tensors, float32 little-endian, concatenated.
 * @throws CxrError `graph-invalid` with the node's id: unknown reference, wrong shape, non-finite weight.
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
