import { createHash } from 'node:crypto';

/**
 * Makes a UID, DICOM's worldwide name of an object, that is always the same for the same parts. Who writes an object a
 * second time, or sends it again after a failure, therefore names it as before, and an archive keeps one copy.
 *
 * The UID is `2.25.` and the decimal form of a UUID (PS3.5 B.2). The UUID is of version 8, which RFC 9562 leaves to the
 * application: the first 128 bits of the SHA-256 digest of all parts, each with its length in front of it.
 *
 * @param parts  what the object is made of. Parts with the same concatenation give different UIDs.
 */
export function derivedUid(...parts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const part of parts) {
    const bytes = Buffer.from(part, 'utf8');
    hash.update(`${bytes.length}:`).update(bytes);
  }
  const uuid = hash.digest().subarray(0, 16);
  uuid[6] = (uuid[6]! & 0x0f) | 0x80;
  uuid[8] = (uuid[8]! & 0x3f) | 0x80;
  return `2.25.${BigInt(`0x${uuid.toString('hex')}`)}`;
}
