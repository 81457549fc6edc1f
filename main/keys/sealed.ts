import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const nonceBytes = 12;
const tagBytes = 16;
export const keyBytes = 32;
/** What sealing adds to a text. */
export const sealOverhead = nonceBytes + tagBytes;

/** AES-256-GCM under a random nonce. @returns nonce ‖ ciphertext ‖ tag. */
export function seal(key: Uint8Array, plain: Uint8Array, authenticated: string): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(Buffer.from(authenticated, 'utf8'));
  const body = cipher.update(plain);
  return Buffer.concat([nonce, body, cipher.final(), cipher.getAuthTag()]);
}

/** The inverse of `seal`; null when anything differs. */
export function unseal(key: Uint8Array, sealed: Uint8Array, authenticated: string): Buffer | null {
  if (sealed.length < sealOverhead) return null;
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, nonceBytes), {
    authTagLength: tagBytes,
  });
  decipher.setAAD(Buffer.from(authenticated, 'utf8'));
  decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes));
  const plain = decipher.update(sealed.subarray(nonceBytes, sealed.length - tagBytes));
  try {
    decipher.final();
    return plain;
  } catch {
    plain.fill(0);
    return null;
  }
}

/** HKDF-SHA256 without a salt: another key for another purpose. */
export const derive = (key: Uint8Array, purpose: string): Buffer =>
  Buffer.from(hkdfSync('sha256', key, '', purpose, keyBytes));
