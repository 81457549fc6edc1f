import type { GraphLiteral, GraphNode, Shape } from '../../he/compiler/graph.ts';
import { sizeOf } from '../../he/compiler/graph.ts';

/** Reproducible uniform numbers in [-1, 1) (xorshift32). */
export function seededNumbers(seed: number): () => number {
  let state = seed | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 31 - 1;
  };
}

/** Collects tensors and nodes of a network under construction. */
export class NetworkWriter {
  readonly #next: () => number;
  readonly #tensors: GraphLiteral['tensors'] = {};
  readonly #values: number[] = [];
  readonly nodes: GraphNode[] = [];

  constructor(seed: number) {
    this.#next = seededNumbers(seed);
  }

  /** A tensor of `centre` ± `spread`. */
  tensor(name: string, shape: Shape, spread: number, centre = 0): string {
    this.#tensors[name] = { shape: [...shape], offset: this.#values.length };
    for (let index = 0; index < sizeOf(shape); index += 1)
      this.#values.push(Math.fround(centre + spread * this.#next()));
    return name;
  }

  conv(
    id: string,
    input: string,
    inC: number,
    outC: number,
    kernel: number,
    stride: number,
    padding: number,
    groups = 1,
  ): string {
    const perGroup = inC / groups;
    const spread = 1.5 / Math.sqrt(perGroup * kernel * kernel);
    const weight = this.tensor(`${id}.weight`, [outC, perGroup, kernel, kernel], spread);
    const bias = this.tensor(`${id}.bias`, [outC], 0.1);
    this.nodes.push({
      op: 'conv2d',
      id,
      input,
      weight,
      bias,
      stride: [stride, stride],
      padding: [padding, padding],
      groups,
    });
    return id;
  }

  batchNorm(id: string, input: string, channels: number): string {
    const [gamma, beta] = [
      this.tensor(`${id}.gamma`, [channels], 0.2, 1),
      this.tensor(`${id}.beta`, [channels], 0.1),
    ];
    const [mean, variance] = [
      this.tensor(`${id}.mean`, [channels], 0.1),
      this.tensor(`${id}.variance`, [channels], 0.3, 1),
    ];
    this.nodes.push({ op: 'batchNorm', id, input, gamma, beta, mean, variance, epsilon: 1e-5 });
    return id;
  }

  quadratic(id: string, input: string, units: number): string {
    const [a, b] = [this.tensor(`${id}.a`, [units], 0.1, 0.25), this.tensor(`${id}.b`, [units], 0.2, 0.5)];
    const c = this.tensor(`${id}.c`, [units], 0.1);
    this.nodes.push({ op: 'quadratic', id, input, a, b, c, inputBound: 6 });
    return id;
  }

  cubic(id: string, input: string, units: number): string {
    const [a, b] = [
      this.tensor(`${id}.a`, [units], 0.002, -0.01),
      this.tensor(`${id}.b`, [units], 0.05, 0.2),
    ];
    const c = this.tensor(`${id}.c`, [units], 0.1, 0.5);
    this.nodes.push({ op: 'cubic', id, input, a, b, c, inputBound: 4 });
    return id;
  }

  linear(id: string, input: string, inputs: number, outputs: number): string {
    const weight = this.tensor(`${id}.weight`, [outputs, inputs], 1.5 / Math.sqrt(inputs));
    this.nodes.push({ op: 'linear', id, input, weight, bias: this.tensor(`${id}.bias`, [outputs], 0.1) });
    return id;
  }

  finish(
    name: string,
    shape: [number, number, number],
    output: string,
  ): { literal: GraphLiteral; weights: Uint8Array } {
    return {
      literal: {
        format: 'cipherfilm-graph/1',
        name,
        input: { shape },
        tensors: this.#tensors,
        nodes: this.nodes,
        output,
        outputBound: 10,
      },
      weights: new Uint8Array(Float32Array.from(this.#values).buffer),
    };
  }
}

export type HefNetSizes = {
  side: number;
  widths: [number, number];
  findings: number;
  squeeze: number;
  attention: boolean;
  /** Logits per region, 4×4 of a side of 32, instead of one per finding. */
  regions?: boolean;
};

/** HefNet-R with random weights at any size; the shipped one is { side: 32, widths: [32, 128], … }. */
export function randomHefNet(
  seed: number,
  sizes: HefNetSizes,
): { literal: GraphLiteral; weights: Uint8Array } {
  const net = new NetworkWriter(seed);
  const [first, last] = sizes.widths;
  net.quadratic('act1', net.batchNorm('bn1', net.conv('conv1', 'input', 4, first, 4, 2, 1), first), first);
  net.quadratic('act2', net.batchNorm('bn2', net.conv('conv2', 'act1', first, last, 3, 2, 1), last), last);
  const normed = net.batchNorm('bn3', net.conv('conv3', 'act2', last, last, 3, 1, 1), last);
  let features = net.quadratic('act3', normed, last);
  if (sizes.attention) {
    net.nodes.push({ op: 'globalAveragePool', id: 'squeeze', input: normed });
    net.quadratic('act4', net.linear('fc1', 'squeeze', last, sizes.squeeze), sizes.squeeze);
    net.linear('fc2', 'act4', sizes.squeeze, last);
    net.nodes.push({ op: 'scaleChannels', id: 'scaled', input: features, gate: 'fc2' });
    features = 'scaled';
  }
  if (sizes.regions === true) {
    const grid = net.conv('head', features, last, sizes.findings, 1, 1, 0);
    net.nodes.push({ op: 'averagePool', id: 'regions', input: grid, kernel: [2, 2], stride: [2, 2] });
    return net.finish('hefnet-r', [4, sizes.side, sizes.side], 'regions');
  }
  net.nodes.push({ op: 'flatten', id: 'flat', input: features });
  const area = (sizes.side / 4) ** 2;
  net.linear('head', 'flat', last * area, sizes.findings);
  return net.finish('hefnet-r', [4, sizes.side, sizes.side], 'head');
}
