import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decryptVector, encryptVectors } from '../../he/client.ts';
import { openEncryptedEvaluator } from '../../he/evaluate.ts';
import { evaluationKeyParts, KeyHolder } from '../../he/keys.ts';
import { gather, packPatches } from '../../he/layout.ts';
import { strategies } from '../../he/passes/place.ts';
import { packPayload, unpackPayload } from '../../he/payload.ts';
import { boundErrors } from '../../he/predict.ts';
import { partSizes } from '../../he/sizes.ts';
import { randomGraph } from './random-graph.ts';
import { seededNumbers } from './random-network.ts';
import { logitsClear, type SmallBundle, smallBundle } from './small-bundle.ts';

/** The whole encrypted way of one latent; also what the evaluator says it executed. */
async function throughSeal({ compiled, params, description }: SmallBundle, latent: Float64Array) {
  using holder = await KeyHolder.forParams(params);
  using evaluator = await openEncryptedEvaluator(description, compiled.program, params);
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

describe('random networks on ciphertext', () => {
  it('agree with plain slots within the predicted error and execute what was announced', async () => {
    const cases = fc.asyncProperty(
      fc.integer({ min: 1, max: 1e6 }),
      fc.constantFrom(...strategies),
      async (seed, strategy) => {
        const bundle = smallBundle(randomGraph(seed), 2048, { strategy });
        const next = seededNumbers(seed + 7);
        const size = bundle.graph.literal.input.shape.reduce((product, side) => product * side);
        const latent = Float64Array.from({ length: size }, () => 1.7 * next());
        const { logits, cost } = await throughSeal(bundle, latent);
        const want = logitsClear(bundle, latent);
        const bounds = boundErrors(bundle.compiled, latent);
        for (const [index, bound] of bounds.entries())
          expect(Math.abs(logits[index]! - want[index]!), `logit ${index}`).toBeLessThanOrEqual(bound);
        expect(cost).toEqual(bundle.compiled.program.cost);
      },
    );
    await fc.assert(cases, { numRuns: 6 });
  });
});
