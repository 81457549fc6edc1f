import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const nonceBytes = 12;
const tagBytes = 16;
/** Length of every symmetric key here, bytes. */
export const keyBytes = 32;
/** Bytes by which a sealed text is longer than the text. */
export const sealOverhead = nonceBytes + tagBytes;

/**
 * Seals a text: it is encrypted, and whatever changes in it is noticed (AES-256-GCM, SP 800-38D). The nonce is random,
 * so one key must not seal more than 2^32 texts.
 *
 * @param authenticated  text in the clear that the sealed one belongs to; `unseal` needs the same.
 * @returns nonce (12 bytes) ‖ ciphertext ‖ tag (16 bytes).
 */
export function seal(key: Uint8Array, plain: Uint8Array, authenticated: string): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(Buffer.from(authenticated, 'utf8'));
  const body = cipher.update(plain);
  return Buffer.concat([nonce, body, cipher.final(), cipher.getAuthTag()]);
}

/** Opens what `seal` made. It returns null when key, sealed text or `authenticated` differ in anything. */
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

/**
 * A key of 32 bytes for one purpose, from which neither `key` nor a key for another purpose can be found. It is
 * HKDF-SHA256 (RFC 5869) without a salt.
 */
export const derive = (key: Uint8Array, purpose: string): Buffer =>
  Buffer.from(hkdfSync('sha256', key, '', purpose, keyBytes));
