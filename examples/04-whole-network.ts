import { createHash } from 'node:crypto';
import { parseBundleId } from '../contract/ids/bundle-id.ts';
import { decrypt, encrypt } from '../he/client/encryption.ts';
import { generateEvaluationKeys, KeyHolder } from '../he/client/keys.ts';
import { compile } from '../he/compiler/compile.ts';
import { type GraphLiteral, openGraph } from '../he/compiler/graph.ts';
import { checkParams } from '../he/params.ts';
import { measurePrecision } from '../he/precision.ts';
import { openEncryptedEvaluator } from '../he/server/evaluate.ts';
import { KernelEngine } from '../he/server/kernel-engine.ts';
import { decodeFrame, encodeFrame, frameDigest } from '../he/wire/frame.ts';
import { payloadLimits } from '../he/wire/sizes.ts';
import { openKernel } from '../kernel/open.ts';
import { describe } from './03-one-convolution.ts';
import { activate, convolve, waves } from './plain.ts';

/**
 * Example 4 (after 3): a small network from latent to logits, with the frames that would cross the network.
 *
 *   node examples/04-whole-network.ts
 *
 * Two convolutions, two squares and a linear head: five levels. Six data primes and a special one, all of 30 bits,
 * make log QP = 210, below the 214 that N = 8192 allows. A deeper network would need N = 16384.
 */
const half = { stride: [2, 2] as [number, number], padding: [1, 1] as [number, number], groups: 1 };
const act = { op: 'quadratic', a: 'a', b: 'b', c: 'c', inputBound: 6 } as const;
const graph: GraphLiteral = {
  format: 'cipherfilm-graph/1',
  name: 'whole-network',
  input: { shape: [4, 16, 16] },
  tensors: {
    conv1: { shape: [8, 4, 4, 4], offset: 0 },
    conv2: { shape: [8, 8, 3, 3], offset: 512 },
    head: { shape: [5, 128], offset: 1088 },
    a: { shape: [8], offset: 1728 },
    b: { shape: [8], offset: 1736 },
    c: { shape: [8], offset: 1744 },
  },
  nodes: [
    { op: 'conv2d', id: 'one', input: 'input', weight: 'conv1', bias: null, ...half },
    { ...act, id: 'act1', input: 'one' },
    { op: 'conv2d', id: 'two', input: 'act1', weight: 'conv2', bias: null, ...half },
    { ...act, id: 'act2', input: 'two' },
    { op: 'flatten', id: 'flat', input: 'act2' },
    { op: 'linear', id: 'logits', input: 'flat', weight: 'head', bias: null },
  ],
  output: 'logits',
  outputBound: 10,
};

export async function main() {
  const [conv1, conv2, head] = [waves(512, 1, 0.15), waves(576, 2, 0.15), waves(640, 3, 0.1)];
  const abc = [waves(8, 4, 0.05).map((a) => 0.25 + a), waves(8, 5, 0.2), waves(8, 6, 0.1)];
  const weights = Float32Array.of(...conv1, ...conv2, ...head, ...abc.flatMap((part) => [...part]));
  const latent = { shape: [4, 16, 16] as const, values: waves(4 * 256, 7) };

  const compiled = compile(openGraph(graph, new Uint8Array(weights.buffer)));
  const description = describe(graph.name, compiled);
  const params = checkParams(compiled.ckks);
  // The id of a bundle is the digest of its description. Every frame names it.
  const bundle = parseBundleId(createHash('sha256').update(JSON.stringify(description)).digest('hex'));
  const { evaluationKeys: maxKeys, input: maxInput } = payloadLimits(description);

  // ---- workstation ---- once: a key, and the public evaluation keys for exactly the rotations of this program.
  using holder = await KeyHolder.forParams(params);
  const keys = await generateEvaluationKeys(holder, bundle, description);
  // Then for every analysis: a fresh ciphertext that names the evaluation keys it needs.
  const question = encrypt(latent, holder, keys.keyId, bundle, description);

  // ---- evaluator ---- frames are checked completely, then keys and ciphertexts byte by byte, then SEAL loads them.
  using memory = await openKernel(1);
  const engine = new KernelEngine(memory, params);
  using evaluator = openEncryptedEvaluator(description, compiled.program, engine);
  const keyFrame = decodeFrame(keys.frame, { kind: 'evaluationKeys', maxPayloadBytes: maxKeys, bundle });
  using loaded = evaluator.loadKeys(keyFrame.payload);
  const input = decodeFrame(question.frame, { kind: 'input', maxPayloadBytes: maxInput, bundle });
  const control = { progress: () => {}, isAborted: () => false };
  const { payload, cost } = evaluator.evaluate(input.payload, loaded, control);
  // The answer names the frame that it answers, so that no other analysis's answer can take its place.
  const subject = frameDigest(question.frame);
  const answer = encodeFrame({ kind: 'result', bundle, subject, nonce: new Uint8Array(16), payload });

  // ---- workstation ---- structure first, secret key after, plausibility last. Nothing is sent from here on.
  const logits = decrypt({ frame: answer }, question, holder, bundle, description);
  const grid1 = convolve(latent.values, { weights: conv1, inputs: 4, outputs: 8, side: 4, stride: 2 });
  const grid2 = convolve(activate(grid1, abc), { weights: conv2, inputs: 8, outputs: 8, side: 3, stride: 2 });
  const flat = activate(grid2, abc);
  const dot = (row: number) => flat.reduce((sum, x, at) => sum + x * head![128 * row + at]!, 0);
  const plain = Float64Array.from(logits, (_, row) => dot(row));
  const { minBits } = measurePrecision(logits, plain);
  const bytes = { keys: keys.frame.length, sent: question.frame.length, received: answer.length };
  return { cost, bytes, logits: [...logits], plain: [...plain], minBits };
}

if (import.meta.main) console.log(await main());
