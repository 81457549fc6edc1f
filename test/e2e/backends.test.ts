import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { reduceToEncoderImage } from '../../dicom/display/reduce.ts';
import { toRadiograph } from '../../dicom/radiograph.ts';
import { decrypt, encrypt } from '../../he/client/encryption.ts';
import { generateEvaluationKeys, KeyHolder } from '../../he/client/keys.ts';
import type { Engine, LoadedKeys } from '../../he/server/engine.ts';
import { openEncryptedEvaluator } from '../../he/server/evaluate.ts';
import { KernelEngine } from '../../he/server/kernel-engine.ts';
import { SealEngine } from '../../he/server/seal-engine.ts';
import { decodeFrame, encodeFrame } from '../../he/wire/frame.ts';
import { keyPlaces, payloadLimits } from '../../he/wire/sizes.ts';
import { nativeSets } from '../../kernel/native.ts';
import { openKernel } from '../../kernel/open.ts';
import { toFindings } from '../../main/engine/findings.ts';
import { chooseBundle } from '../../main/host/choose-bundle.ts';
import { bundleRoot, sampleStudy } from '../../main/host/headless.ts';
import { openClientHalf } from '../../native-models/client-half.ts';
import { openEncoder } from '../../native-models/encoder.ts';
import { openServerHalf } from '../../native-models/server-half.ts';

const minutes = 60_000;

describe('the shipped study with one key', () => {
  it('has the same probabilities from SEAL and from the kernel, and the same bytes from every kernel', {
    timeout: 8 * minutes,
  }, async () => {
    const folder = join(bundleRoot, await chooseBundle(bundleRoot));
    const { id, description, calibration, encoderPath } = await openClientHalf(folder);
    const { program } = await openServerHalf(folder);
    const encoder = await openEncoder(encoderPath);
    const latent = await encoder.encode(
      reduceToEncoderImage(await toRadiograph(await readFile(sampleStudy))),
    );
    await encoder.dispose();
    using holder = await KeyHolder.generate(description);
    const { frame, keyId } = await generateEvaluationKeys(holder, id, description);
    const question = encrypt(latent, holder, keyId, id, description);
    const limits = payloadLimits(description);
    const payloadOf = (bytes: Uint8Array, kind: 'evaluationKeys' | 'input') =>
      decodeFrame(bytes, { kind, maxPayloadBytes: limits[kind] }).payload;

    /** Evaluates and closes the engine. */
    const answerOf = <Ct, Pt, Keys extends LoadedKeys>(engine: Engine<Ct, Pt, Keys>): Uint8Array => {
      using evaluator = openEncryptedEvaluator(description, program, engine);
      using keys = evaluator.loadKeys(payloadOf(frame, 'evaluationKeys'));
      const control = { progress: () => {}, isAborted: () => false };
      return evaluator.evaluate(payloadOf(question.frame, 'input'), keys, control).payload;
    };
    const probabilitiesOf = (payload: Uint8Array): number[] => {
      const answer = {
        kind: 'result',
        bundle: id,
        subject: question.digest,
        nonce: randomBytes(16),
      } as const;
      const logits = decrypt(
        { frame: encodeFrame({ ...answer, payload }) },
        question,
        holder,
        id,
        description,
      );
      return toFindings(logits, description.output.layout.shape, calibration).map(
        ({ probability }) => probability,
      );
    };

    const answers: Uint8Array[] = [];
    for (const [threads, arithmetic] of [
      [1, 'wasm'],
      [2, 'wasm'],
      ...nativeSets().flatMap((set) => [1, 2].map((threads) => [threads, set] as const)),
    ] as const) {
      using memory = await openKernel(threads, { arithmetic });
      answers.push(answerOf(new KernelEngine(memory, holder.params)));
    }
    for (const other of answers.slice(1)) expect(Buffer.compare(other, answers[0]!)).toBe(0);

    const levels = keyPlaces(description).map(({ level }) => level);
    const reference = probabilitiesOf(answerOf(await SealEngine.open(holder.params, levels)));
    const own = probabilitiesOf(answers[0]!);
    expect(own).toHaveLength(14);
    for (const [index, probability] of own.entries())
      expect(Math.abs(probability - reference[index]!), `finding ${index}`).toBeLessThan(1e-3);
  });
});
