import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { BundleDescription } from '../contract/bundle.ts';
import { CxrError } from '../contract/errors.ts';
import type { BundleId, KeyId } from '../contract/stages.ts';
import { encodeFrame, keyIdOf, noSubject } from './frame.ts';
import { type CkksParams, checkParams } from './params.ts';
import { compressPart, joinParts } from './payload.ts';
import { openContext } from './seal/context.ts';
import type { SEALContext } from './seal/module.ts';
import { loadSealWithSecrets, type SealWithSecrets } from './seal/module.ts';

type SecretKey = InstanceType<SealWithSecrets['SecretKey']>;

/**
 * A secret key and the context it belongs to; engine process only.
 *
 * @remarks Disposal frees the key's memory in the WebAssembly heap; only the end of the process erases it for certain.
 */
export class KeyHolder implements Disposable {
  readonly seal: SealWithSecrets;
  readonly params: CkksParams;
  readonly context: SEALContext;
  readonly secretKey: SecretKey;

  private constructor(seal: SealWithSecrets, params: CkksParams) {
    this.seal = seal;
    this.params = params;
    this.context = openContext(seal, params, true);
    using generator = new seal.KeyGenerator(this.context);
    this.secretKey = generator.secretKey();
  }

  /** A fresh ternary secret for checked parameters. @throws CxrError as `checkParams`. */
  static async generate(description: BundleDescription): Promise<KeyHolder> {
    return KeyHolder.forParams(checkParams(description.ckks));
  }

  static async forParams(params: CkksParams): Promise<KeyHolder> {
    return new KeyHolder(await loadSealWithSecrets(), params);
  }

  [Symbol.dispose](): void {
    this.secretKey.delete();
    this.context.delete();
  }
}

/**
 * Public evaluation keys: relinearisation and exactly `rotationSteps`, seeded (half the size), uncompressed SEAL bytes.
 *
 * Cost: one key-switching key each.
 */
export function* evaluationKeyParts(
  holder: KeyHolder,
  rotationSteps: readonly number[],
): Generator<Uint8Array> {
  const { seal } = holder;
  using generator = new seal.KeyGenerator(holder.context, holder.secretKey);
  {
    using relin = generator.createRelinKeysSerializable();
    yield relin.saveToArray(seal.ComprModeType.none) as Uint8Array;
  }
  for (const step of rotationSteps) {
    using galois = generator.createGaloisKeysSerializableWithSteps(Int32Array.of(step));
    yield galois.saveToArray(seal.ComprModeType.none) as Uint8Array;
  }
}

export type EvaluationKeyFrame = { readonly frame: Uint8Array; readonly keyId: KeyId };

/**
 * The evaluation-key frame of a bundle and the name under which an evaluator keeps it. Lets other work of the process
 * run between two keys.
 *
 * @throws CxrError `cancelled` when `signal` aborts.
 */
export async function generateEvaluationKeys(
  holder: KeyHolder,
  bundle: BundleId,
  description: BundleDescription,
  control: { onKey?: (done: number, total: number) => void; signal?: AbortSignal } = {},
): Promise<EvaluationKeyFrame> {
  const total = description.rotationSteps.length + 1;
  const parts: Uint8Array[] = [];
  for (const part of evaluationKeyParts(holder, description.rotationSteps)) {
    parts.push(compressPart(part));
    control.onKey?.(parts.length, total);
    await setImmediate();
    if (control.signal?.aborted === true) throw new CxrError('cancelled');
  }
  const payload = joinParts(parts);
  const frame = encodeFrame({
    kind: 'evaluationKeys',
    bundle,
    subject: noSubject,
    nonce: randomBytes(16),
    payload,
  });
  return { frame, keyId: keyIdOf(frame) };
}
