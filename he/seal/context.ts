import { CxrError } from '../../contract/errors.ts';
import type { CkksParams } from '../params.ts';
import type { EvaluationSeal, SEALContext } from './module.ts';

/**
 * A SEAL context over the first `level` data primes and the special prime (all of them when `level` is omitted).
 * Sub-contexts yield plaintexts and keys whose parameter ids equal those of that level in the full chain.
 *
 * @param expandChain  whether lower levels are prepared as well; about three times the cost.
 */
export function openContext(
  seal: EvaluationSeal,
  params: CkksParams,
  expandChain: boolean,
  level: number = params.dataPrimes.length,
): SEALContext {
  using encryption = new seal.EncryptionParameters(seal.SchemeType.ckks);
  using moduli = new seal.VectorModulus();
  for (const prime of [...params.dataPrimes.slice(0, level), params.specialPrime]) {
    using modulus = new seal.Modulus(prime);
    moduli.push_back(modulus);
  }
  encryption.setPolyModulusDegree(params.polyModulusDegree);
  encryption.setCoeffModulus(moduli);
  const enforced = params.securityBits === 128 ? seal.SecLevelType.tc128 : seal.SecLevelType.none;
  const context = new seal.SEALContext(encryption, expandChain, enforced);
  if (!context.parametersSet()) {
    context.delete();
    throw new CxrError('params-invalid', { field: 'context', level });
  }
  return context;
}

/** Bytes of a parameter id, as SEAL writes them (four little-endian 64-bit words). */
export function parmsIdBytes(id: { values(): unknown }): Uint8Array {
  const words = id.values() as BigUint64Array;
  return new Uint8Array(words.buffer.slice(words.byteOffset, words.byteOffset + words.byteLength));
}

/** Parameter ids by level: index = data primes left; index 0 is the key level (all primes and the special one). */
export function parmsIdsByLevel(context: SEALContext, params: CkksParams): Uint8Array[] {
  const ids: Uint8Array[] = [];
  {
    using keyId = context.keyParmsId();
    ids[0] = parmsIdBytes(keyId);
  }
  let data = context.firstContextData();
  for (let level = params.dataPrimes.length; level >= 1; level -= 1) {
    using id = data.parmsId();
    ids[level] = parmsIdBytes(id);
    if (level > 1) {
      const next = data.nextContextData();
      data.delete();
      data = next;
    }
  }
  data.delete();
  return ids;
}
