import { createCipheriv, createHash } from 'node:crypto';
import { argon2id } from 'hash-wasm';
import { CxrError } from '../../contract/errors.ts';
import { derive, seal, unseal } from './sealed.ts';

const hex = (text: string) => Buffer.from(text, 'hex');

/**
 * Compares the primitives that keys rest on with published vectors, and sealing with itself. Electron's library is
 * BoringSSL, Node's is OpenSSL, and a build of either may lack something. It takes a few milliseconds.
 *
 * @throws CxrError `key-crypto` naming the primitive.
 * @see FIPS 180-4 (SHA-256 of "abc"), RFC 5869 A.3 (HKDF, its first 32 bytes), SP 800-38A F.5.5 (AES-256-CTR), the GCM
 *   specification's test case 14, golang.org/x/crypto/argon2's test vectors (Argon2id, 64 KiB, one pass, one lane).
 */
export async function testCryptography(): Promise<void> {
  const zeros = new Uint8Array(32);
  const checks: Record<string, () => boolean | Promise<boolean>> = {
    sha256: () =>
      createHash('sha256').update('abc').digest('hex') ===
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    hkdf: () =>
      derive(Buffer.alloc(22, 0x0b), '').toString('hex') ===
      '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d',
    'aes-256-ctr': () => {
      const key = hex('603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4');
      const cipher = createCipheriv('aes-256-ctr', key, hex('f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff'));
      return (
        cipher.update(hex('6bc1bee22e409f96e93d7e117393172a')).toString('hex') ===
        '601ec313775789a5b7a7f504bbf3d228'
      );
    },
    'aes-256-gcm': () => {
      const cipher = createCipheriv('aes-256-gcm', zeros, zeros.subarray(0, 12));
      const sealed = cipher.update(zeros.subarray(0, 16)).toString('hex');
      cipher.final();
      const tag = cipher.getAuthTag().toString('hex');
      return sealed === 'cea7403d4d606b6e074ec5d3baf39d18' && tag === 'd0d1c8a799996bf0265b98b5d48ab919';
    },
    sealing: () => {
      const sealed = seal(zeros, hex('0102'), 'about');
      const opened = unseal(zeros, sealed, 'about');
      return opened?.equals(hex('0102')) === true && unseal(zeros, sealed, 'other') === null;
    },
    argon2id: async () =>
      (await argon2id({
        password: 'password',
        salt: 'somesalt',
        memorySize: 64,
        iterations: 1,
        parallelism: 1,
        hashLength: 24,
        outputType: 'hex',
      })) === '655ad15eac652dc59f7170a7332bf49b8469be1fdb9c28bb',
  };
  for (const [primitive, holds] of Object.entries(checks))
    if (
      !(await Promise.resolve()
        .then(holds)
        .catch(() => false))
    )
      throw new CxrError('key-crypto', { primitive });
}
