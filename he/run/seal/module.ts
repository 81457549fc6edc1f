import initialize, { type MainModule } from 'node-seal/allows';

/** Evaluation types only. */
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
 * The one door to node-seal. Whoever evaluates gets `EvaluationSeal`: none of its types can hold a secret key, and at
 * run time no constructor of one exists. The whole module is for he/client/seal-with-secrets.ts alone
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
export type WholeSeal = MainModule;

let loading: Promise<WholeSeal> | undefined;

/**
 * Loads all of node-seal, once per thread because WebAssembly instances are not shared; a failed load is not remembered.
 * Only he/client/seal-with-secrets.ts may call it.
 */
export function loadWholeSeal(): Promise<WholeSeal> {
  loading ??= initialize().catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

export async function loadSeal(): Promise<EvaluationSeal> {
  const module = await loadWholeSeal();
  return Object.fromEntries(evaluationNames.map((name) => [name, module[name]])) as unknown as EvaluationSeal;
}

/** Whether SEAL found no room in the WebAssembly heap. C++ exceptions carry [type, text] in place of a message. */
export function isOutOfMemory(error: unknown): boolean {
  const message = (error as { message?: unknown } | undefined)?.message;
  return Array.isArray(message) && message[0] === 'std::bad_alloc';
}
