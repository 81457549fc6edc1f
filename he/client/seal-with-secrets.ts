import { loadWholeSeal, type WholeSeal } from '../run/seal/module.ts';

/** node-seal with the types that can create and hold a secret key, which the rest of he/ does without. */
export type SealWithSecrets = WholeSeal;

/** Loads all of SEAL, which can make and hold secret keys. @remarks Engine process and tests only. */
export const loadSealWithSecrets = (): Promise<SealWithSecrets> => loadWholeSeal();
