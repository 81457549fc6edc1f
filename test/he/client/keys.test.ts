import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BundleDescription, KeyPlan } from '../../../contract/bundle.ts';
import { CxrError } from '../../../contract/errors.ts';
import { decryptVector, encryptVectors } from '../../../he/client/encryption.ts';
import { evaluationKeyParts, generateEvaluationKeys, KeyHolder } from '../../../he/client/keys.ts';
import { packPatches } from '../../../he/layout.ts';
import { measurePrecision } from '../../../he/precision.ts';
import type { KernelKey } from '../../../he/run/backends/kernel.ts';
import { defaultBudgets, type EvaluatorBudgets } from '../../../he/server/engine.ts';
import { type EncryptedEvaluator, openEncryptedEvaluator } from '../../../he/server/evaluate.ts';
import type { KeyCache } from '../../../he/server/key-cache.ts';
import { packPayload, unpackPayload } from '../../../he/wire/payload.ts';
import { mergeKeyPlans, partSizes, predictKeyBytes } from '../../../he/wire/sizes.ts';
import { openEngine } from '../open-engine.ts';
import { randomHefNet, seededNumbers } from '../random-network.ts';
import { runClear, smallBundle } from '../small-bundle.ts';

const side = 16;
const bundle = smallBundle(
  randomHefNet(33, { side, widths: [8, 16], findings: 14, squeeze: 4, attention: true }),
);
const { id, description, params, compiled } = bundle;
const plan = description.evaluationKeys;
const top = params.dataPrimes.length;
const idle = { progress: () => {}, isAborted: () => false };

/** The same bundle with every key at the top level, as if no level were known. */
const fullPlan: KeyPlan = {
  relinearizationLevel: top,
  rotations: plan.rotations.map(({ step }) => ({ step, level: top })),
};
const fullDescription: BundleDescription = { ...description, evaluationKeys: fullPlan };

let holder: KeyHolder;
let parts: Uint8Array[];
let latent: Float32Array;
let question: Uint8Array;
let clear: Float64Array;
type Keys = KeyCache<KernelKey>;
let evaluator: EncryptedEvaluator<Keys>;
let keys: Keys;
let result: Uint8Array;

beforeAll(async () => {
  holder = await KeyHolder.forParams(params);
  parts = [...evaluationKeyParts(holder, plan)];
  const next = seededNumbers(5);
  latent = Float32Array.from({ length: 4 * side * side }, () => 1.5 * next());
  const vectors = packPatches(latent, description.input, params.slotCount);
  question = packPayload(encryptVectors(holder, vectors, 2 ** params.scaleBits));
  clear = runClear(bundle, latent);
  evaluator = await open();
  keys = evaluator.loadKeys(packPayload(parts));
  result = runOnce(evaluator, keys);
});
afterAll(() => {
  for (const opened of [keys, evaluator, holder]) opened[Symbol.dispose]();
});

const open = async (budgets: Partial<EvaluatorBudgets> = {}, described = description) => {
  const engine = await openEngine(params, { budgets: { ...defaultBudgets, ...budgets } });
  return openEncryptedEvaluator(described, compiled.program, engine);
};

/** The one ciphertext of a run, as bytes. */
function runOnce(evaluator: EncryptedEvaluator<Keys>, keys: Keys): Uint8Array {
  const { payload } = evaluator.evaluate(question, keys, idle);
  const [bytes] = [...unpackPayload(payload, partSizes(description).result, 'result-invalid')];
  return bytes!;
}

describe('keys at the level where they are used', () => {
  it('are needed below the top, or this test shows nothing', () => {
    const levels = [plan.relinearizationLevel, ...plan.rotations.map(({ level }) => level)];
    expect(new Set(levels).size).toBeGreaterThan(2);
    expect(Math.min(...levels)).toBeLessThan(top - 2);
  });

  it('give the same logits as keys at the top level', async () => {
    using fullEvaluator = await open({}, fullDescription);
    using fullKeys = fullEvaluator.loadKeys(packPayload([...evaluationKeyParts(holder, fullPlan)]));
    const logits = decryptVector(holder, result);
    const fullLogits = decryptVector(holder, runOnce(fullEvaluator, fullKeys));
    const fullBits = measurePrecision(fullLogits, clear).minBits;
    expect(fullBits).toBeGreaterThan(12);
    // Noise is random: the largest of many slots' errors may differ by a factor of two and no more.
    expect(Math.abs(measurePrecision(logits, clear).minBits - fullBits)).toBeLessThan(1);
    expect(measurePrecision(logits, fullLogits).minBits).toBeGreaterThan(fullBits - 1.5);
  });

  it('have exactly the predicted sizes, together clearly less than those at the top level', () => {
    expect(parts.map((part) => part.length)).toEqual(partSizes(description).evaluationKeys);
    const { expandedBytes } = predictKeyBytes(description);
    expect(parts.reduce((sum, part) => sum + part.length, 0)).toBe(expandedBytes);
    expect(expandedBytes).toBeLessThan(0.8 * predictKeyBytes(fullDescription).expandedBytes);
  });

  it('cross the network in the predicted number of bytes, within 5 per cent', async () => {
    const { frame } = await generateEvaluationKeys(holder, id, description);
    const ratio = predictKeyBytes(description).transferBytes / frame.length;
    expect(Math.abs(ratio - 1)).toBeLessThan(0.05);
  });

  it('come in the same number whoever makes them, and differ each time', () => {
    const again = [...evaluationKeyParts(holder, plan)];
    expect(again.length).toBe(plan.rotations.length + 1);
    expect(again.some((part, index) => Buffer.compare(part, parts[index]!) === 0)).toBe(false);
  });
});

describe('memory', () => {
  it('holds as few as one key at a time and no encoded weight, with the same result', async () => {
    expect(keys.loads).toBe(parts.length);
    using tight = await open({ keyBytes: 0, plaintextBytes: 0 });
    using tightKeys = tight.loadKeys(packPayload(parts));
    expect(tightKeys.loads).toBe(0);
    expect(Buffer.compare(runOnce(tight, tightKeys), result)).toBe(0);
    expect(tightKeys.loads).toBeGreaterThan(2 * parts.length);
  });

  it('drops the key that was used longest ago and no other', async () => {
    const levels = [...Map.groupBy(plan.rotations, ({ level }) => level).entries()];
    const [level, peers] = levels.find(([, { length }]) => length > 2)!;
    const [first, second, third] = peers.map(({ step }) => step) as [number, number, number];
    // A share in which two keys of this level fit, and not three.
    const share = 2.5 / (peers.length + (level === plan.relinearizationLevel ? 1 : 0));
    using narrow = await open({ keyBytes: share * predictKeyBytes(description).expandedBytes });
    using few = narrow.loadKeys(packPayload(parts));
    for (const step of [first, second, first, third, first]) few.get(step);
    expect(few.loads).toBe(3);
    few.get(second);
    expect(few.loads).toBe(4);
  });

  it('keeps some of the weights when there is room for some, run after run', async () => {
    using half = await open({ plaintextBytes: 2 ** 20 });
    using halfKeys = half.loadKeys(packPayload(parts));
    for (const _ of [1, 2]) expect(Buffer.compare(runOnce(half, halfKeys), result)).toBe(0);
  });
});

describe('the evaluator refuses', () => {
  /** The field that a payload of keys is refused for. */
  function refusedFor(payload: Uint8Array): unknown {
    try {
      evaluator.loadKeys(payload)[Symbol.dispose]();
    } catch (error) {
      expect(error).toBeInstanceOf(CxrError);
      expect((error as CxrError).code).toBe('evaluation-key-invalid');
      return (error as CxrError<'evaluation-key-invalid'>).detail.field;
    }
    return 'nothing';
  }
  const withPart = (index: number, part: Uint8Array) => packPayload(parts.with(index, part));
  const altered = (index: number, change: (view: DataView) => void) => {
    const part = parts[index]!.slice();
    change(new DataView(part.buffer));
    return withPart(index, part);
  };
  const last = plan.rotations.length;
  const lastRotation = plan.rotations[last - 1]!;
  const oneKey = (of: KeyHolder, step: number, level: number): Uint8Array =>
    [...evaluationKeyParts(of, { relinearizationLevel: 1, rotations: [{ step, level }] })][1]!;

  it('a key of another level, whose size differs', () => {
    expect(refusedFor(packPayload(parts))).toBe('nothing');
    const other = lastRotation.level === top ? top - 1 : lastRotation.level + 1;
    expect(refusedFor(withPart(last, oneKey(holder, lastRotation.step, other)))).toBe('part size');
    expect(refusedFor(packPayload([...evaluationKeyParts(holder, fullPlan)]))).toBe('part size');
  });

  it('a key of the right size that was made for other primes', async () => {
    using stranger = await KeyHolder.forParams({ ...params, dataPrimes: params.dataPrimes.toReversed() });
    const key = oneKey(stranger, lastRotation.step, lastRotation.level);
    expect(key.length).toBe(parts[last]!.length);
    expect(refusedFor(withPart(last, key))).toBe('parms id');
  });

  it('a key of the right size that carries the id of another level', () => {
    const { level } = plan.rotations[0]!;
    const at = plan.rotations.findIndex((rotation) => rotation.level !== level) + 1;
    const id = parts[at]!.slice(16, 48);
    expect(refusedFor(altered(1, ({ buffer }) => new Uint8Array(buffer).set(id, 16)))).toBe('parms id');
  });

  it('keys in another order', () => {
    const same = plan.rotations.findIndex(
      ({ level }, index) => index > 0 && level === plan.rotations[index - 1]!.level,
    );
    expect(same).toBeGreaterThan(0);
    const swapped = parts.with(same, parts[same + 1]!).with(same + 1, parts[same]!);
    expect(refusedFor(packPayload(swapped))).toBe('decompositions');
    const [relinearization, ...rotations] = parts;
    expect(refusedFor(packPayload([...rotations, relinearization!]))).toBe('part size');
  });

  it('a key cut short, a key too few, a key too many', () => {
    expect(refusedFor(withPart(1, parts[1]!.subarray(0, -8)))).toBe('part size');
    expect(refusedFor(packPayload(parts.slice(0, -1)))).toBe('parts');
    expect(refusedFor(packPayload([...parts, parts[1]!]))).toBe('parts');
    const whole = packPayload(parts);
    expect(refusedFor(whole.subarray(0, -100))).toBe('part size');
  });

  it('a residue that is not below its prime, before anything runs', () => {
    // The first word of the first ciphertext: key prefix 56, one count, ciphertext prefix 89, array prefix 24.
    const at = 56 + 8 + 89 + 24;
    const prime = params.dataPrimes[0]!;
    expect(refusedFor(altered(0, (view) => view.setBigUint64(at, prime - 1n, true)))).toBe('nothing');
    expect(refusedFor(altered(0, (view) => view.setBigUint64(at, prime, true)))).toBe('residues');
    expect(refusedFor(altered(0, (view) => view.setBigUint64(at, 2n ** 63n, true)))).toBe('residues');
    // The last word of the special prime in the same polynomial has a bound of its own.
    const end = at + 8 * ((plan.relinearizationLevel + 1) * params.polyModulusDegree - 1);
    const { specialPrime } = params;
    expect(refusedFor(altered(0, (view) => view.setBigUint64(end, specialPrime - 1n, true)))).toBe('nothing');
    expect(refusedFor(altered(0, (view) => view.setBigUint64(end, specialPrime, true)))).toBe('residues');
  });

  it('a program that needs a key at a higher level than its description names', async () => {
    const rotations = plan.rotations.map(({ step }) => ({ step, level: 1 }));
    const lowPlan = { ...plan, rotations };
    using low = await open({}, { ...description, evaluationKeys: lowPlan });
    using lowKeys = low.loadKeys(packPayload([...evaluationKeyParts(holder, lowPlan)]));
    expect(() => low.evaluate(question, lowKeys, idle)).toThrow(/evaluation-key-missing/);
  });

  it('a description with a level that its parameters do not have', async () => {
    const evaluationKeys = { ...plan, relinearizationLevel: top + 1 };
    await expect(open({}, { ...description, evaluationKeys })).rejects.toThrow(/bundle-invalid/);
  });
});

describe('mergeKeyPlans', () => {
  const one = { relinearizationLevel: 4, rotations: [{ step: 1, level: 6 }, { step: 64, level: 2 }] }; // biome-ignore format: a table
  const two = { relinearizationLevel: 5, rotations: [{ step: 1, level: 3 }, { step: 8, level: 4 }] }; // biome-ignore format: a table

  it('takes every step once, ascending, at its highest level', () => {
    const rotations = [
      { step: 1, level: 6 },
      { step: 8, level: 4 },
      { step: 64, level: 2 },
    ];
    expect(mergeKeyPlans([one, two])).toEqual({ relinearizationLevel: 5, rotations });
    expect(mergeKeyPlans([two, one])).toEqual({ relinearizationLevel: 5, rotations });
  });

  it('leaves one plan as it is and asks for no rotation when there is none', () => {
    expect(mergeKeyPlans([one])).toEqual(one);
    expect(mergeKeyPlans([])).toEqual({ relinearizationLevel: 1, rotations: [] });
  });

  it('makes keys with which each of the programs runs', async () => {
    const merged = mergeKeyPlans([plan, { relinearizationLevel: top, rotations: [{ step: 3, level: 2 }] }]);
    using other = await open({}, { ...description, evaluationKeys: merged });
    using mergedKeys = other.loadKeys(packPayload([...evaluationKeyParts(holder, merged)]));
    const logits = decryptVector(holder, runOnce(other, mergedKeys));
    expect(measurePrecision(logits, clear).minBits).toBeGreaterThan(12);
  });
});
