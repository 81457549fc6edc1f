import { randomBytes } from 'node:crypto';
import { argon2id } from 'hash-wasm';
import { z } from 'zod';
import { CxrError } from '../../contract/errors.ts';
import { judgePassphrase, leastScore } from '../../contract/passphrase.ts';
import { keyBytes } from './sealed.ts';
import { base64url } from './text.ts';

const mebibyte = 1024;

/**
 * Argon2id (RFC 9106). Bounded both ways: a file must neither ask for more memory than a workstation has nor make the
 * guessing cheap.
 */
export const kdfSchema = z.strictObject({
  name: z.literal('argon2id'),
  memoryKiB: z
    .int()
    .min(8 * mebibyte)
    .max(1024 * mebibyte),
  passes: z.int().min(1).max(10),
  lanes: z.int().min(1).max(16),
  salt: base64url(16),
});
export type Kdf = z.infer<typeof kdfSchema>;

/** RFC 9106's second recommended choice: 64 MiB, three passes, four lanes; about half a second here. */
export const freshKdf = (): Kdf => ({
  name: 'argon2id',
  memoryKiB: 64 * mebibyte,
  passes: 3,
  lanes: 4,
  salt: randomBytes(16).toString('base64url'),
});

/**
 * The key that a passphrase stands for. The passphrase is taken in Unicode's composed compatibility form (NFKC), so that
 * keyboards that compose accents differently agree.
 */
export async function passphraseKey(passphrase: string, kdf: Kdf): Promise<Uint8Array> {
  return argon2id({
    password: Buffer.from(passphrase.normalize('NFKC'), 'utf8'),
    salt: Buffer.from(kdf.salt, 'base64url'),
    memorySize: kdf.memoryKiB,
    iterations: kdf.passes,
    parallelism: kdf.lanes,
    hashLength: keyBytes,
    outputType: 'binary',
  });
}

/** @throws CxrError `key-passphrase-weak` with its score, 0 to 4. */
export function checkStrength(passphrase: string): void {
  const { score } = judgePassphrase(passphrase);
  if (score < leastScore) throw new CxrError('key-passphrase-weak', { score, expected: leastScore });
}
