import { ringDegrees, securityLimit } from '../params.ts';
import type { Program } from '../program.ts';
import { DryBackend } from '../run/backends/dry.ts';
import { run } from '../run/run.ts';
import { predictAnalysisBytes, predictKeyBytes } from '../wire/sizes.ts';
import type { Compiled } from './compile.ts';

/** What an encrypted run of a compiled network needs; docs/circuits.md explains each figure. */
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
  /** Number of rotation keys. */
  readonly keySteps: number;
  /** Bytes of all evaluation keys as they cross the network, relinearisation included. */
  readonly keyBytes: number;
  /** Bytes of all weights, encoded in the kernel's memory. */
  readonly weightBytes: number;
  /** Bytes of one analysis's input frame, compressed. */
  readonly uploadBytes: number;
  /** Bytes of one analysis's result frame, compressed. */
  readonly downloadBytes: number;
  /** The largest error that is expected of a logit; null where it was not computed. */
  readonly predictedError: number | null;
};

/**
 * Reports what a compiled network needs. Operations are counted by running the program on the `dry` backend; the cost
 * that the program itself states is not read, so that a test can compare the two.
 */
export function reportCircuit(compiled: Compiled): CircuitReport {
  const { program, ckks, result, strategy, predictedError } = compiled;
  const { polyModulusDegree } = ckks;
  const primes = [...ckks.dataPrimes, ckks.specialPrime].map(Number);
  const logQP = primes.reduce((sum, prime) => sum + Math.log2(prime), 0);
  const ring = ringDegrees.find((degree) => degree === polyModulusDegree);
  const { sentBytes, receivedBytes } = predictAnalysisBytes(ckks, program.inputCount, result.primes);
  return {
    ...executedCost(program, ckks.dataPrimes),
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

/**
 * Computes the bytes of a program's encoded plaintexts: one 32-bit word per coefficient (there are two per slot) and
 * data prime.
 */
export const weightBytes = ({ plaintexts, slotCount }: Program): number =>
  plaintexts.reduce((sum, { level }) => sum + 8 * slotCount * level, 0);

function executedCost(program: Program, dataPrimes: readonly string[]) {
  const backend = new DryBackend(program.slotCount, dataPrimes);
  const inputs = Array.from({ length: program.inputCount }, () => backend.value(program.inputScale));
  run(program, inputs, backend, (index) => {
    const { values, level, scale } = program.plaintexts[index]!;
    return backend.encode(values, level, scale);
  });
  return backend.cost;
}
