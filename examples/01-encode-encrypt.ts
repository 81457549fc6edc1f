import { decryptVector, encryptVectors } from '../he/client/encryption.ts';
import { KeyHolder } from '../he/client/keys.ts';
import { type CkksParams, checkParams, findNttPrimes } from '../he/params.ts';
import { measurePrecision } from '../he/precision.ts';

/**
 * Example 1: numbers become a ciphertext and come back, a little blurred.
 *
 *   node examples/01-encode-encrypt.ts
 *
 * CKKS computes on vectors. One ciphertext holds N/2 real numbers, its slots; everything below happens to all of them
 * at once.
 */

/** Four data primes and a special prime, all of 30 bits, at N = 8192: log QP = 150, both tables allow 214. */
export function smallParams(): CkksParams {
  const polyModulusDegree = 8192;
  const [special, ...data] = findNttPrimes(polyModulusDegree, 30, 5);
  // `checkParams` is the only way to usable parameters. Add two data primes, and it refuses: `params-insecure`.
  return checkParams({
    polyModulusDegree,
    dataPrimes: data.map(String),
    specialPrime: String(special),
    scaleBits: 30,
  });
}

export async function main() {
  const params = smallParams();
  const scale = 2 ** params.scaleBits;

  // A fresh secret key. It stays inside `holder`; at the end of this block it is deleted.
  using holder = await KeyHolder.forParams(params);

  // Encoding multiplies every number by the scale and rounds it to an integer polynomial: 30 bits after the point.
  const message = Float64Array.from({ length: params.slotCount }, (_, slot) => Math.sin(slot));

  // Encryption is symmetric. Half of a fresh ciphertext is random, so its 64-byte seed is sent in its place.
  const [first, second] = encryptVectors(holder, [message, message], scale);

  // The same message twice gives two ciphertexts that have nothing in common but their form.
  const same = Buffer.compare(first!, second!) === 0;

  // Decryption returns the message plus the noise that hides it. CKKS counts the noise as rounding error. This is
  // also why decrypted numbers are key material: together with the ciphertext they tell something about the noise.
  const decrypted = decryptVector(holder, first!);
  const { minBits } = measurePrecision(decrypted, message);

  return {
    securityBits: params.securityBits,
    slots: params.slotCount,
    ciphertextBytes: first!.length,
    same,
    minBits,
  };
}

if (import.meta.main) console.log(await main());
