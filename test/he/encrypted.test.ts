import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EncryptedLatent, Latent } from '../../contract/stages.ts';
import { decrypt, encrypt } from '../../he/client/encryption.ts';
import { type EvaluationKeyFrame, generateEvaluationKeys, KeyHolder } from '../../he/client/keys.ts';
import { measurePrecision } from '../../he/precision.ts';
import type { LoadedKeys } from '../../he/server/engine.ts';
import { type EncryptedEvaluator, openEncryptedEvaluator } from '../../he/server/evaluate.ts';
import { decodeFrame, encodeFrame } from '../../he/wire/frame.ts';
import { packPayload, unpackPayload } from '../../he/wire/payload.ts';
import { partSizes, payloadLimits } from '../../he/wire/sizes.ts';
import { openEngine } from './open-engine.ts';
import { randomHefNet, seededNumbers } from './random-network.ts';
import { runClear, smallBundle } from './small-bundle.ts';

const side = 16;
const bundle = smallBundle(
  randomHefNet(21, { side, widths: [8, 16], findings: 14, squeeze: 4, attention: true }),
);
const { id, description } = bundle;
const idle = { progress: () => {}, isAborted: () => false };
const latent = (seed: number): Latent => {
  const next = seededNumbers(seed);
  return {
    shape: [4, side, side],
    values: Float32Array.from({ length: 4 * side * side }, () => 1.5 * next()),
  };
};
const payloadOf = (frame: Uint8Array, kind: 'evaluationKeys' | 'input') =>
  decodeFrame(frame, { kind, maxPayloadBytes: payloadLimits(description)[kind], bundle: id }).payload;

/** A payload whose last part has a word of its first polynomial replaced; words begin at byte 113. */
function withWord(payload: Uint8Array, kind: 'input' | 'result', index: number, word: bigint): Uint8Array {
  const parts = [...unpackPayload(payload, partSizes(description)[kind], 'frame-malformed')];
  new DataView(parts.at(-1)!.buffer, parts.at(-1)!.byteOffset).setBigUint64(113 + 8 * index, word, true);
  return packPayload(parts);
}

let holder: KeyHolder;
let keys: EvaluationKeyFrame;
let evaluator: EncryptedEvaluator;
let loaded: LoadedKeys;

beforeAll(async () => {
  holder = await KeyHolder.forParams(bundle.params);
  keys = await generateEvaluationKeys(holder, id, description);
  evaluator = openEncryptedEvaluator(description, bundle.compiled.program, await openEngine(bundle.params));
  loaded = evaluator.loadKeys(payloadOf(keys.frame, 'evaluationKeys'));
});
afterAll(() => {
  loaded[Symbol.dispose]();
  evaluator[Symbol.dispose]();
  holder[Symbol.dispose]();
});

const answer = (
  question: EncryptedLatent,
  payload: Uint8Array,
  subject = question.digest,
  bundleId = id,
) => ({
  frame: encodeFrame({ kind: 'result', bundle: bundleId, subject, nonce: new Uint8Array(16), payload }),
});

describe('an encrypted run', () => {
  it('agrees with the clear run to at least 14 bits and executes exactly the predicted operations', () => {
    const input = latent(4);
    const question = encrypt(input, holder, keys.keyId, id, description);
    const { payload, cost } = evaluator.evaluate(payloadOf(question.frame, 'input'), loaded, idle);
    const logits = decrypt(answer(question, payload), question, holder, id, description);
    const clear = runClear(bundle, input.values).slice(0, 14);
    expect(measurePrecision(logits, clear).minBits).toBeGreaterThan(14);
    expect(Math.max(...clear.map(Math.abs))).toBeGreaterThan(0.05);
    expect(cost).toEqual(bundle.compiled.program.cost);
  });

  it('encrypts the same latent to different bytes each time', () => {
    const [first, second] = [
      encrypt(latent(4), holder, keys.keyId, id, description),
      encrypt(latent(4), holder, keys.keyId, id, description),
    ];
    expect(first.digest).not.toBe(second.digest);
    expect(Buffer.from(first.frame.subarray(140)).equals(second.frame.subarray(140))).toBe(false);
  });

  it('cannot be read with another key', async () => {
    using stranger = await KeyHolder.forParams(bundle.params);
    const question = encrypt(latent(4), holder, keys.keyId, id, description);
    const { payload } = evaluator.evaluate(payloadOf(question.frame, 'input'), loaded, idle);
    expect(() => decrypt(answer(question, payload), question, stranger, id, description)).toThrow(
      /result-range/,
    );
  });

  it('reports progress and stops with `cancelled` once aborted', () => {
    const question = encrypt(latent(4), holder, keys.keyId, id, description);
    const seen: number[] = [];
    const control = {
      progress: (fraction: number) => seen.push(fraction),
      isAborted: () => seen.length > 20,
    };
    expect(() => evaluator.evaluate(payloadOf(question.frame, 'input'), loaded, control)).toThrow(
      /cancelled/,
    );
    expect(seen.length).toBe(21);
    expect(seen).toEqual(seen.toSorted((left, right) => left - right));
  });
});

describe('the workstation refuses to encrypt', () => {
  it('a latent of another shape, beyond the bound, or not finite', () => {
    const tooShort = { shape: [4, side, side], values: new Float32Array(7) } as const;
    expect(() => encrypt(tooShort, holder, keys.keyId, id, description)).toThrow(/latent-shape/);
    for (const bad of [description.latentBound * 1.01, Number.NaN, Number.NEGATIVE_INFINITY]) {
      const broken = latent(2);
      broken.values[17] = bad;
      expect(() => encrypt(broken, holder, keys.keyId, id, description)).toThrow(/latent-range.*"index":17/);
    }
  });
});

describe('the workstation refuses a result', () => {
  let question: EncryptedLatent;
  let payload: Uint8Array;
  beforeAll(() => {
    question = encrypt(latent(6), holder, keys.keyId, id, description);
    payload = evaluator.evaluate(payloadOf(question.frame, 'input'), loaded, idle).payload;
  });

  it('for another job or another bundle', () => {
    const other = encrypt(latent(6), holder, keys.keyId, id, description);
    expect(() => decrypt(answer(question, payload, other.digest), question, holder, id, description)).toThrow(
      /result-foreign/,
    );
    const elsewhere = 'ab'.repeat(32) as typeof id;
    expect(() =>
      decrypt(answer(question, payload, question.digest, elsewhere), question, holder, id, description),
    ).toThrow(/result-foreign/);
  });

  it('of another length', () => {
    const { frame } = answer(question, payload);
    expect(() =>
      decrypt({ frame: frame.subarray(0, frame.length - 1) }, question, holder, id, description),
    ).toThrow(/result-invalid/);
    expect(() =>
      decrypt(answer(question, packPayload([new Uint8Array(100)])), question, holder, id, description),
    ).toThrow(/result-invalid/);
  });

  it('with any altered byte of the frame', () => {
    const { frame } = answer(question, payload);
    for (let at = 0; at < frame.length; at += 997) {
      const altered = frame.slice();
      altered[at]! ^= 1;
      expect(() => decrypt({ frame: altered }, question, holder, id, description)).toThrow(
        /result-(invalid|foreign)/,
      );
    }
  });

  it('with a residue that is not below its prime', () => {
    const [first, second] = bundle.params.dataPrimes as [bigint, bigint];
    const degree = bundle.params.polyModulusDegree;
    for (const [index, word] of [
      [0, first],
      [degree - 1, first],
      [degree, second],
      [5, 2n ** 64n - 1n],
    ] as const) {
      const altered = answer(question, withWord(payload, 'result', index, word));
      expect(() => decrypt(altered, question, holder, id, description)).toThrow(/result-invalid.*residues/);
    }
  });

  it('at another level or scale, even when well framed', () => {
    const input = packPayload([randomBytes(64)]);
    expect(() => decrypt(answer(question, input), question, holder, id, description)).toThrow(
      /result-invalid/,
    );
    const rescaled = {
      ...description,
      result: { ...description.result, scale: description.result.scale * 2 },
    };
    expect(() => decrypt(answer(question, payload), question, holder, id, rescaled)).toThrow(
      /result-invalid.*scale/,
    );
  });
});

describe('the evaluator refuses', () => {
  it('keys and ciphertexts whose bytes are not exactly the expected structure', () => {
    const garbage = packPayload([randomBytes(32)]);
    expect(() => evaluator.loadKeys(garbage)).toThrow(/evaluation-key-invalid/);
    expect(() => evaluator.evaluate(garbage, loaded, idle)).toThrow(/ciphertext-invalid/);
    const question = payloadOf(encrypt(latent(4), holder, keys.keyId, id, description).frame, 'input');
    expect(() => evaluator.evaluate(question.subarray(0, question.length - 5), loaded, idle)).toThrow(
      /ciphertext-invalid/,
    );
  });

  it('a ciphertext with a residue that is not below its prime', () => {
    const question = payloadOf(encrypt(latent(4), holder, keys.keyId, id, description).frame, 'input');
    const altered = withWord(question, 'input', 7, bundle.params.dataPrimes[0]!);
    expect(() => evaluator.evaluate(altered, loaded, idle)).toThrow(/ciphertext-invalid.*residues/);
  });

  it('a compression bomb without expanding it', () => {
    const bomb = packPayload([new Uint8Array(64 * 1024 * 1024), new Uint8Array(1)]);
    expect(bomb.length).toBeLessThan(100_000);
    expect(() => evaluator.evaluate(bomb, loaded, idle)).toThrow(/ciphertext-invalid/);
  });

  it('and goes on serving', () => {
    const input = latent(8);
    const question = encrypt(input, holder, keys.keyId, id, description);
    const { payload } = evaluator.evaluate(payloadOf(question.frame, 'input'), loaded, idle);
    const logits = decrypt(answer(question, payload), question, holder, id, description);
    expect(measurePrecision(logits, runClear(bundle, input.values).slice(0, 14)).minBits).toBeGreaterThan(14);
  });
});
