import type { Cost } from '../../../contract/cost.ts';

/** These are the counts of what a backend has really executed. */
export type ExecutedOperations = { -readonly [Name in keyof Omit<Cost, 'levels'>]: number };

/** Makes counts that are all zero. */
export const noOperations = (): ExecutedOperations => ({
  rotations: 0,
  relinearizations: 0,
  plaintextProducts: 0,
  ciphertextProducts: 0,
  rescales: 0,
});
