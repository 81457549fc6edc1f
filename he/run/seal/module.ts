import initialize, { type MainModule } from 'node-seal/allows';

/** Only evaluation types are exported. A secret key's type is reachable through `WholeSeal` alone. */
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
 * These are the names of node-seal that an evaluator gets. This file is the one door to node-seal. `EvaluationSeal` has
 * no type that can hold a secret key and, at run time, no constructor of one. Only he/client/seal-with-secrets.ts may
 * load the whole module (test/architecture.test.ts).
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

/** This is the part of SEAL that evaluates and holds no secret. */
export type EvaluationSeal = Pick<MainModule, (typeof evaluationNames)[number]>;
/** This is all of SEAL, secret keys included. */
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

/** Loads the part of SEAL that evaluates. */
export async function loadSeal(): Promise<EvaluationSeal> {
  const module = await loadWholeSeal();
  return Object.fromEntries(evaluationNames.map((name) => [name, module[name]])) as unknown as EvaluationSeal;
}

/**
 * Tells whether an error means that SEAL found no room in the WebAssembly heap. C++ exceptions carry [type, text] in
 * place of a message.
 */
export function isOutOfMemory(error: unknown): boolean {
  const message = (error as { message?: unknown } | undefined)?.message;
  return Array.isArray(message) && message[0] === 'std::bad_alloc';
}
