import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decryptVector, encryptVectors } from '../../he/client/encryption.ts';
import { evaluationKeyParts, KeyHolder } from '../../he/client/keys.ts';
import { strategies } from '../../he/compiler/passes/place.ts';
import { boundErrors } from '../../he/compiler/predict.ts';
import { gather, packPatches } from '../../he/layout.ts';
import type { Engine, LoadedKeys } from '../../he/server/engine.ts';
import { openEncryptedEvaluator } from '../../he/server/evaluate.ts';
import { SealEngine } from '../../he/server/seal-engine.ts';
import { packPayload, unpackPayload } from '../../he/wire/payload.ts';
import { keyPlaces, partSizes } from '../../he/wire/sizes.ts';
import { openEngine } from './open-engine.ts';
import { randomGraph } from './random-graph.ts';
import { seededNumbers } from './random-network.ts';
import { logitsClear, type SmallBundle, smallBundle } from './small-bundle.ts';

/** The whole encrypted way of one latent; also what the evaluator says it executed. */
async function encrypted<Ct, Pt, Keys extends LoadedKeys>(
  { compiled, params, description }: SmallBundle,
  latent: Float64Array,
  engine: Engine<Ct, Pt, Keys>,
) {
  using holder = await KeyHolder.forParams(params);
  using evaluator = openEncryptedEvaluator(description, compiled.program, engine);
  using keys = evaluator.loadKeys(packPayload([...evaluationKeyParts(holder, description.evaluationKeys)]));
  const question = encryptVectors(
    holder,
    packPatches(latent, description.input, params.slotCount),
    2 ** description.ckks.scaleBits,
  );
  const control = { progress: () => {}, isAborted: () => false };
  const { payload, cost } = evaluator.evaluate(packPayload(question), keys, control);
  const [answer] = unpackPayload(payload, partSizes(description).result, 'result-invalid');
  return { logits: gather([decryptVector(holder, answer!)], description.output.layout), cost };
}

function expectPredicted(
  { compiled }: SmallBundle,
  latent: Float64Array,
  { logits, cost }: { logits: Float64Array; cost: object },
): void {
  const want = logitsClear({ compiled }, latent);
  for (const [index, bound] of boundErrors(compiled, latent).entries())
    expect(Math.abs(logits[index]! - want[index]!), `logit ${index}`).toBeLessThanOrEqual(bound);
  expect(cost).toEqual(compiled.program.cost);
}

describe('random networks on ciphertext', () => {
  it('agree with plain slots within the predicted error and execute what was announced', async () => {
    const cases = fc.asyncProperty(
      fc.integer({ min: 1, max: 1e6 }),
      fc.constantFrom(...strategies),
      async (seed, strategy) => {
        const kernel = smallBundle(randomGraph(seed), 2048, { strategy });
        // SEAL's digits are not centred: a larger special prime makes its noise as flat as predicted.
        const seal = smallBundle(randomGraph(seed), 2048, { strategy, specialPrimeBits: 40 });
        const next = seededNumbers(seed + 7);
        const size = kernel.graph.literal.input.shape.reduce((product, side) => product * side);
        const latent = Float64Array.from({ length: size }, () => 1.7 * next());
        const keyLevels = keyPlaces(seal.description).map(({ level }) => level);
        expectPredicted(kernel, latent, await encrypted(kernel, latent, await openEngine(kernel.params)));
        expectPredicted(
          seal,
          latent,
          await encrypted(seal, latent, await SealEngine.open(seal.params, keyLevels)),
        );
      },
    );
    await fc.assert(cases, { numRuns: 6 });
  });
});
