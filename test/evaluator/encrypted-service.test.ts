import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Calibration, Gate } from '../../contract/bundle.ts';
import type { Latent } from '../../contract/stages.ts';
import { decrypt, encrypt } from '../../he/client/encryption.ts';
import { generateEvaluationKeys, KeyHolder } from '../../he/client/keys.ts';
import { compile } from '../../he/compiler/compile.ts';
import { openGraph } from '../../he/compiler/graph.ts';
import { measurePrecision } from '../../he/precision.ts';
import { encodeFrame } from '../../he/wire/frame.ts';
import { payloadFloors, payloadLimits } from '../../he/wire/sizes.ts';
import { type Connector, connect } from '../../main/connector/connector.ts';
import { type RunningEvaluator, startEmbeddedEvaluator } from '../../main/host/headless.ts';
import { readDescription } from '../../native-models/bundle.ts';
import { buildBundle } from '../../tools/bundle/build-bundle.ts';
import { plainFinding } from '../fixtures/calibration.ts';
import { NetworkWriter, seededNumbers } from '../he/random-network.ts';
import { runClear } from '../he/small-bundle.ts';

/**
 * Nothing is faked here: the shipped entry as a separate process, full parameters, a bundle with random weights.
 * One process holds the secret key (this one), the other has ciphertexts only.
 */
const side = 8;
const network = oneConvolution();
const calibration: Calibration = {
  format: 'cipherfilm-calibration/2',
  latentBound: 8,
  findings: Array.from({ length: 14 }, (_, index) => plainFinding(`finding ${index}`)),
};

/** Convolution, square, linear head: three levels. */
function oneConvolution(): ReturnType<NetworkWriter['finish']> {
  const net = new NetworkWriter(3);
  net.quadratic('act1', net.conv('conv1', 'input', 4, 4, 4, 2, 1), 4);
  net.nodes.push({ op: 'flatten', id: 'flat', input: 'act1' });
  net.linear('head', 'flat', 4 * (side / 2) ** 2, 14);
  return net.finish('tiny', [4, side, side], 'head');
}

const gate: Gate = {
  format: 'cipherfilm-gate/1',
  cells: 1,
  mean: [0, 0, 0, 0],
  basis: [[1, 0, 0, 0]],
  variances: [1],
  restVariance: 1,
  distanceLimit: 1,
  sizeLimit: 1,
  psnrLimit: 0,
};

let folder: string;
let evaluator: RunningEvaluator;
let connector: Connector;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cipherfilm-service-'));
  const bundleFolder = join(folder, 'bundles', 'random');
  for (const half of ['client', 'server']) await mkdir(join(bundleFolder, half), { recursive: true });
  const files: Record<string, string | Uint8Array> = {
    'client/calibration.json': JSON.stringify(calibration),
    'client/encoder.onnx': 'not used here',
    'client/decoder.onnx': 'not used here',
    'client/film-check.json': 'not used here',
    'client/film-check.onnx': 'not used here',
    'client/gate.json': JSON.stringify(gate),
    'server/graph.json': JSON.stringify(network.literal),
    'server/weights.bin': network.weights,
  };
  for (const [name, content] of Object.entries(files)) await writeFile(join(bundleFolder, name), content);
  await buildBundle(bundleFolder);
  const place = { dataDir: join(folder, 'data'), bundleRoot: join(folder, 'bundles') };
  evaluator = await startEmbeddedEvaluator(place);
  connector = connect(evaluator.url);
});
afterAll(async () => {
  await evaluator.stop();
  await rm(folder, { recursive: true, force: true });
});

it('says the version of the package that it is part of', async () => {
  const { version } = JSON.parse(
    await readFile(join(import.meta.dirname, '..', '..', 'package.json'), 'utf8'),
  );
  expect((await connector.service()).version).toBe(version);
});

it('classifies an encrypted latent in another process, refuses a forged one, and goes on', async () => {
  const { id, description } = await readDescription(join(folder, 'bundles', 'random'));
  using holder = await KeyHolder.generate(description);
  const { frame: keys, keyId } = await generateEvaluationKeys(holder, id, description);
  await connector.ensureBundle(id);
  await connector.ensureKeys(keys, keyId);

  // Large enough for an input, and none.
  const payload = new Uint8Array(payloadFloors(description).input).fill(1);
  const forged = encodeFrame({
    kind: 'input',
    bundle: id,
    subject: keyId,
    nonce: new Uint8Array(16),
    payload,
  });
  const forgedJob = await connector.submit(forged);
  await expect(connector.await(forgedJob)).rejects.toMatchObject({ code: 'ciphertext-invalid' });

  const next = seededNumbers(3);
  const values = Float32Array.from({ length: 4 * side * side }, () => next());
  const latent: Latent = { shape: [4, side, side], values };
  const question = encrypt(latent, holder, keyId, id, description);
  const job = await connector.submit(question.frame);
  const layers = new Set<string>();
  const done = await connector.await(job, {
    onState: (state) => state.kind === 'running' && layers.add(state.layer),
  });
  const maxPayloadBytes = payloadLimits(description).result;
  const answer = await connector.fetchResult(job, maxPayloadBytes);
  const logits = decrypt(answer, question, holder, id, description);

  const compiled = compile(openGraph(network.literal, network.weights));
  const clear = runClear({ compiled }, values).slice(0, 14);
  expect(measurePrecision(logits, clear).minBits).toBeGreaterThan(12);
  expect(done.cost).toEqual(description.cost);
  expect(layers.size).toBeGreaterThan(0);
}, 180_000);
