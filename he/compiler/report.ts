import { ringDegrees, securityLimit } from '../params.ts';
import type { Program } from '../program.ts';
import { runDry } from '../run/dry.ts';
import { predictAnalysisBytes, predictKeyBytes } from '../wire/sizes.ts';
import type { Compiled } from './compile.ts';

/** What an encrypted run of a compiled network needs; docs/circuits.md says what each figure means. */
export type CircuitReport = {
  readonly levels: number;
  readonly polyModulusDegree: number;
  /** Data primes of the inputs. */
  readonly dataPrimes: number;
  readonly primeBits: number;
  /** log2 of the product of all primes, rounded up. */
  readonly logQP: number;
  /** 128 where both security tables hold, otherwise 0. */
  readonly securityBits: 128 | 0;
  readonly strategy: string;
  readonly rotations: number;
  readonly relinearizations: number;
  readonly plaintextProducts: number;
  readonly ciphertextProducts: number;
  readonly rescales: number;
  readonly inputCiphertexts: number;
  /** Rotation keys. */
  readonly keySteps: number;
  /** All evaluation keys as they cross the network, relinearisation included. */
  readonly keyBytes: number;
  /** All weights encoded in the kernel's memory. */
  readonly weightBytes: number;
  /** One analysis's input frame, compressed. */
  readonly uploadBytes: number;
  /** One analysis's result frame, compressed. */
  readonly downloadBytes: number;
  /** Expected largest error of a logit; null where it was not computed. */
  readonly predictedError: number | null;
};

/** Operations are counted by running the program on the `dry` backend; nothing is read from its own cost. */
export function reportCircuit(compiled: Compiled): CircuitReport {
  const { program, ckks, result, strategy, predictedError } = compiled;
  const { polyModulusDegree } = ckks;
  const primes = [...ckks.dataPrimes, ckks.specialPrime].map(Number);
  const logQP = primes.reduce((sum, prime) => sum + Math.log2(prime), 0);
  const ring = ringDegrees.find((degree) => degree === polyModulusDegree);
  const { sentBytes, receivedBytes } = predictAnalysisBytes(ckks, program.inputCount, result.primes);
  return {
    ...runDry({ program, ckks }).cost,
    polyModulusDegree,
    dataPrimes: ckks.dataPrimes.length,
    primeBits: ckks.scaleBits,
    logQP: Math.ceil(logQP),
    securityBits: ring !== undefined && logQP <= securityLimit(ring) ? 128 : 0,
    strategy,
    inputCiphertexts: program.inputCount,
    keySteps: program.keys.rotations.length,
    keyBytes: predictKeyBytes({ ckks, evaluationKeys: program.keys }).transferBytes,
    weightBytes: weightBytes(program),
    uploadBytes: sentBytes,
    downloadBytes: receivedBytes,
    predictedError,
  };
}

/** One 32-bit word per coefficient (two per slot) and data prime of every plaintext. */
export const weightBytes = ({ plaintexts, slotCount }: Program): number =>
  plaintexts.reduce((sum, { level }) => sum + 8 * slotCount * level, 0);
