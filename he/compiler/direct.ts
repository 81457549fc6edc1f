import type { Graph, GraphNode } from './graph.ts';

/**
 * Computes a graph the plain way: node by node, with nested loops and no part of the compiler. Every compiled program
 * must give the same within its precision.
 *
 * @param input  the latent, C×H×W.
 * @returns the elements of the graph's output.
 */
export function evaluateDirectly(graph: Graph, input: ArrayLike<number>): Float64Array {
  const values = new Map<string, Float64Array>([['input', Float64Array.from(input)]]);
  for (const node of graph.literal.nodes) values.set(node.id, evaluateNode(graph, node, values));
  return values.get(graph.literal.output)!;
}

function evaluateNode(
  graph: Graph,
  node: GraphNode,
  values: ReadonlyMap<string, Float64Array>,
): Float64Array {
  const x = values.get(node.input)!;
  const [channels = 0, height = 1, width = 1] = graph.shapes.get(node.input)!;
  const shape = graph.shapes.get(node.id)!;
  const area = height * width;
  const t = (name: string) => graph.tensor(name).values;
  const coefficient = (name: string, channel: number) => t(name)[t(name).length === 1 ? 0 : channel]!;
  switch (node.op) {
    case 'conv2d': {
      const [outC = 0, rows = 0, columns = 0] = shape;
      const [, perGroup = 0, kh = 0, kw = 0] = graph.tensor(node.weight).shape;
      const out = new Float64Array(outC * rows * columns);
      for (let o = 0; o < outC; o += 1)
        for (let r = 0; r < rows; r += 1)
          for (let c = 0; c < columns; c += 1) {
            let sum = node.bias === null ? 0 : t(node.bias)[o]!;
            const base = Math.floor(o / (outC / node.groups)) * perGroup;
            for (let i = 0; i < perGroup; i += 1)
              for (let ky = 0; ky < kh; ky += 1)
                for (let kx = 0; kx < kw; kx += 1) {
                  const y = r * node.stride[0] + ky - node.padding[0];
                  const z = c * node.stride[1] + kx - node.padding[1];
                  if (y < 0 || z < 0 || y >= height || z >= width) continue;
                  sum +=
                    t(node.weight)[((o * perGroup + i) * kh + ky) * kw + kx]! *
                    x[(base + i) * area + y * width + z]!;
                }
            out[(o * rows + r) * columns + c] = sum;
          }
      return out;
    }
    case 'batchNorm':
      return x.map((v, i) => {
        const c = Math.floor(i / area);
        return (
          ((v - t(node.mean)[c]!) / Math.sqrt(t(node.variance)[c]! + node.epsilon)) * t(node.gamma)[c]! +
          t(node.beta)[c]!
        );
      });
    case 'quadratic':
      return x.map((v, i) => {
        const c = Math.floor(i / area);
        return coefficient(node.a, c) * v * v + coefficient(node.b, c) * v + coefficient(node.c, c);
      });
    case 'cubic':
      return x.map((v, i) => {
        const c = Math.floor(i / area);
        return coefficient(node.a, c) * v ** 3 + coefficient(node.b, c) * v + coefficient(node.c, c);
      });
    case 'add':
      return x.map((v, i) => v + values.get(node.other)![i]!);
    case 'globalAveragePool':
      return Float64Array.from(
        { length: channels },
        (_, c) => x.subarray(c * area, (c + 1) * area).reduce((s, v) => s + v, 0) / area,
      );
    case 'averagePool': {
      const [, rows = 0, columns = 0] = shape;
      return Float64Array.from({ length: channels * rows * columns }, (_, i) => {
        const [c, r, k] = [Math.floor(i / (rows * columns)), Math.floor(i / columns) % rows, i % columns];
        let sum = 0;
        for (let dy = 0; dy < node.kernel[0]; dy += 1)
          for (let dx = 0; dx < node.kernel[1]; dx += 1)
            sum += x[c * area + (r * node.stride[0] + dy) * width + k * node.stride[1] + dx]!;
        return sum / (node.kernel[0] * node.kernel[1]);
      });
    }
    case 'flatten':
      return x;
    case 'linear':
      return Float64Array.from({ length: shape[0]! }, (_, o) =>
        x.reduce(
          (s, v, i) => s + v * t(node.weight)[o * x.length + i]!,
          node.bias === null ? 0 : t(node.bias)[o]!,
        ),
      );
    case 'scaleChannels':
      return x.map((v, i) => v * values.get(node.gate)![Math.floor(i / area)]!);
  }
}
