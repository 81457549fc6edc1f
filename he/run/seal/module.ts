import initialize, { type MainModule } from 'node-seal/allows';

/** Evaluation types only; a secret key's type is reachable only through `SealWithSecrets`. */
export type {
  Ciphertext,
  CKKSEncoder,
  Evaluator,
  GaloisKeys,
  ParmsIdType,
  Plaintext,
  RelinKeys,
  SEALContext,
} from 'node-seal/allows';

/**
 * The one door to node-seal. Whoever evaluates gets `EvaluationSeal`, in which no type can hold a secret key and at
 * run time no constructor of one exists; only he/client/keys.ts and he/client/encryption.ts may call `loadSealWithSecrets`
 * (test/architecture.test.ts).
 */
const evaluationNames = [
  'SchemeType',
  'SecLevelType',
  'ComprModeType',
  'EncryptionParameters',
  'VectorModulus',
  'Modulus',
  'SEALContext',
  'Evaluator',
  'CKKSEncoder',
  'Plaintext',
  'Ciphertext',
  'RelinKeys',
  'GaloisKeys',
] as const;

export type EvaluationSeal = Pick<MainModule, (typeof evaluationNames)[number]>;
export type SealWithSecrets = MainModule;

let loading: Promise<MainModule> | undefined;

/** One WebAssembly instance per thread; a failed load is not remembered. */
function loadModule(): Promise<MainModule> {
  loading ??= initialize().catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

export async function loadSeal(): Promise<EvaluationSeal> {
  const module = await loadModule();
  return Object.fromEntries(evaluationNames.map((name) => [name, module[name]])) as unknown as EvaluationSeal;
}

/** @remarks Engine process and tests only: the returned module can create and hold secret keys. */
export const loadSealWithSecrets = (): Promise<SealWithSecrets> => loadModule();

/** Whether SEAL found no room in the WebAssembly heap. C++ exceptions carry [type, text] in place of a message. */
export function isOutOfMemory(error: unknown): boolean {
  const message = (error as { message?: unknown } | undefined)?.message;
  return Array.isArray(message) && message[0] === 'std::bad_alloc';
}
