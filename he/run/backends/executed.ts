import type { Cost } from '../../../contract/cost.ts';

/** Counts of what a backend has really executed. */
export type ExecutedOperations = { -readonly [Name in keyof Omit<Cost, 'levels'>]: number };

export const noOperations = (): ExecutedOperations => ({
  rotations: 0,
  relinearizations: 0,
  plaintextProducts: 0,
  ciphertextProducts: 0,
  rescales: 0,
});
