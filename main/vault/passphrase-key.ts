import { randomBytes } from 'node:crypto';
import { argon2id } from 'hash-wasm';
import { z } from 'zod';
import { CxrError } from '../../contract/errors.ts';
import { judgePassphrase, leastScore, normalised } from './passphrase-strength.ts';
import { derive, keyBytes } from './sealed.ts';
import { base64url } from './text.ts';

const mebibyte = 1024;
/** Most memory times passes, KiB: a second and a half on one core. */
const mostWork = 768 * mebibyte;

/**
 * How a passphrase becomes a key: Argon2id (RFC 9106), whose cost makes each guess slow. The cost is bounded both ways: a
 * file must neither occupy a workstation for long nor make the guessing cheap.
 */
export const kdfSchema = z
  .strictObject({
    name: z.literal('argon2id'),
    memoryKiB: z
      .int()
      .min(8 * mebibyte)
      .max(512 * mebibyte),
    passes: z.int().min(1).max(10),
    lanes: z.int().min(1).max(16),
    salt: base64url(16),
  })
  .refine(({ memoryKiB, passes }) => memoryKiB * passes <= mostWork, { path: ['passes'] });
export type Kdf = z.infer<typeof kdfSchema>;

/** Whether a file was refused because its passphrase would cost more than `kdfSchema` allows. */
export const isTooCostly = ({ issues }: z.ZodError): boolean =>
  issues.some(
    ({ code, path }) =>
      (code === 'too_big' || code === 'custom') &&
      /(^|\.)kdf\.(memoryKiB|passes|lanes)$/.test(path.join('.')),
  );

/** RFC 9106's second recommended choice, 64 MiB in three passes and four lanes, with a new salt: a third of a second. */
export const freshKdf = (): Kdf => ({
  name: 'argon2id',
  memoryKiB: 64 * mebibyte,
  passes: 3,
  lanes: 4,
  salt: randomBytes(16).toString('base64url'),
});

/**
 * The key of 32 bytes that a passphrase stands for, for one purpose. The event loop stands still meanwhile.
 *
 * @throws CxrError `key-file-costly` where the memory is not to be had.
 */
export async function passphraseKey(passphrase: string, kdf: Kdf, purpose: string): Promise<Buffer> {
  const password = Buffer.from(normalised(passphrase), 'utf8');
  try {
    const stretched = await argon2id({
      password,
      salt: Buffer.from(kdf.salt, 'base64url'),
      memorySize: kdf.memoryKiB,
      iterations: kdf.passes,
      parallelism: kdf.lanes,
      hashLength: keyBytes,
      outputType: 'binary',
    });
    const key = derive(stretched, purpose);
    stretched.fill(0);
    return key;
  } catch (cause) {
    throw new CxrError('key-file-costly', { memoryKiB: kdf.memoryKiB }, { cause });
  } finally {
    password.fill(0);
  }
}

/** Refuses a passphrase that is easy to guess. @throws CxrError `key-passphrase-weak` with its score, 0 to 4. */
export function checkStrength(passphrase: string): void {
  const { score } = judgePassphrase(passphrase);
  if (score < leastScore) throw new CxrError('key-passphrase-weak', { score, expected: leastScore });
}
