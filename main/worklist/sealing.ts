import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { deserialize, serialize } from 'node:v8';

/** Part of what a row is bound to. It has stood there since before layouts were counted (store.ts) and stays. */
const format = 2;
const nonceBytes = 12;
const tagBytes = 16;

const bindingOf = (id: string): Buffer => Buffer.from(`cipherfilm-worklist/${format}\0${id}`);

/**
 * Encrypts a value with AES-256-GCM under `key`. The ciphertext is bound to `id`, so that it opens in no other row.
 *
 * @param key  32 bytes.
 */
export function seal(key: Uint8Array, id: string, value: unknown): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(bindingOf(id));
  return Buffer.concat([nonce, cipher.update(serialize(value)), cipher.final(), cipher.getAuthTag()]);
}

/** Decrypts what `seal` made. @returns null when it was altered, or sealed under another key or for another row. */
export function unseal(key: Uint8Array, id: string, sealed: Uint8Array): { readonly value: unknown } | null {
  if (sealed.length < nonceBytes + tagBytes) return null;
  try {
    const end = sealed.length - tagBytes;
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, nonceBytes), {
      authTagLength: tagBytes,
    })
      .setAAD(bindingOf(id))
      .setAuthTag(sealed.subarray(end));
    const plain = Buffer.concat([decipher.update(sealed.subarray(nonceBytes, end)), decipher.final()]);
    return { value: deserialize(plain) };
  } catch {
    return null;
  }
}
