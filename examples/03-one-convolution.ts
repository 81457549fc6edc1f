import type { BundleDescription } from '../contract/bundle.ts';
import { parseDigest } from '../contract/ids/digest.ts';
import { decryptVector, encryptVectors, readRegions } from '../he/client/encryption.ts';
import { evaluationKeyParts, KeyHolder } from '../he/client/keys.ts';
import { type Compiled, compile } from '../he/compiler/compile.ts';
import { describeCompiled } from '../he/compiler/describe.ts';
import { type GraphLiteral, openGraph } from '../he/compiler/graph.ts';
import { packPatches } from '../he/layout.ts';
import { checkParams } from '../he/params.ts';
import { measurePrecision } from '../he/precision.ts';
import { openEncryptedEvaluator } from '../he/server/evaluate.ts';
import { KernelEngine } from '../he/server/kernel-engine.ts';
import { packPayload, unpackPayload } from '../he/wire/payload.ts';
import { partSizes } from '../he/wire/sizes.ts';
import { openKernel } from '../kernel/open.ts';
import { activate, convolve, waves } from './plain.ts';

/**
 * Example 3 (after 2): one convolution, a square, and the mean of each channel, on ciphertext.
 *
 *   node examples/03-one-convolution.ts
 */
const same = { stride: [1, 1] as [number, number], padding: [1, 1] as [number, number] };
const graph: GraphLiteral = {
  format: 'cipherfilm-graph/1',
  name: 'one-convolution',
  input: { shape: [1, 16, 16] },
  // Offsets count float32 numbers in one block of weights: 4 kernels of 3×3, then a, b and c of every channel.
  tensors: {
    kernel: { shape: [4, 1, 3, 3], offset: 0 },
    a: { shape: [4], offset: 36 },
    b: { shape: [4], offset: 40 },
    c: { shape: [4], offset: 44 },
  },
  nodes: [
    { op: 'conv2d', id: 'conv', input: 'input', weight: 'kernel', bias: null, ...same, groups: 1 },
    { op: 'quadratic', id: 'act', input: 'conv', a: 'a', b: 'b', c: 'c', inputBound: 6 },
    { op: 'globalAveragePool', id: 'mean', input: 'act' },
  ],
  output: 'mean',
  outputBound: 10,
};

/** What both sides must know of a compiled network; a bundle on disk holds the same, with the digests of its files. */
export const describe = (name: string, compiled: Compiled): BundleDescription =>
  describeCompiled(compiled, {
    name,
    latentBound: 8,
    logitBound: 20,
    programDigest: parseDigest('0'.repeat(64)),
    files: {},
  });

export async function main() {
  const kernel = waves(36, 1, 0.5);
  const [a, b, c] = [
    [0.3, 0.25, 0.2, 0.35],
    [0.5, 0.4, 0.6, 0.5],
    [0.1, 0, -0.1, 0.2],
  ] as const;
  const weights = Float32Array.of(...kernel, ...a, ...b, ...c);
  const image = waves(256, 2);

  // The compiler turns layers into rotations and products and picks the smallest ring and primes that are precise
  // enough at 128-bit security: here the default error of 5e-3.
  const compiled = compile(openGraph(graph, new Uint8Array(weights.buffer)));
  const description = describe(graph.name, compiled);
  const params = checkParams(compiled.ckks);

  // ---- workstation ----
  using holder = await KeyHolder.forParams(params);
  const keys = packPayload([...evaluationKeyParts(holder, description.evaluationKeys)]);
  const patches = packPatches(image, description.input, params.slotCount);
  const question = packPayload(encryptVectors(holder, patches, 2 ** params.scaleBits));

  // ---- evaluator ---- (it checks every byte of keys and ciphertext before it computes)
  using memory = await openKernel(1);
  const engine = new KernelEngine(memory, params);
  using evaluator = openEncryptedEvaluator(description, compiled.program, engine);
  using loaded = evaluator.loadKeys(keys);
  const control = { progress: () => {}, isAborted: () => false };
  const { payload, cost } = evaluator.evaluate(question, loaded, control);

  // ---- workstation ---- (channel j lies in every slot congruent to j; the copies are averaged)
  const [answer] = unpackPayload(payload, partSizes(description).result, 'result-invalid');
  const means = readRegions(decryptVector(holder, answer!), description);
  const conv = convolve(image, { weights: kernel, inputs: 1, outputs: 4, side: 3, stride: 1 });
  const act = activate(conv, [a, b, c]);
  const plain = a.map((_, j) => act.subarray(256 * j, 256 * (j + 1)).reduce((sum, x) => sum + x, 0) / 256);
  return { cost, means: [...means], plain, minBits: measurePrecision(means, plain).minBits };
}

if (import.meta.main) console.log(await main());
