import { z } from 'zod';

/**
 * Base64url without padding (RFC 4648) in the one spelling that its bytes have, so that no two texts mean the same bytes.
 *
 * @param bytes  how many bytes it stands for; any number if left out.
 */
export const base64url = (bytes?: number) =>
  z.string().refine((text) => {
    const decoded = Buffer.from(text, 'base64url');
    return decoded.toString('base64url') === text && (bytes === undefined || decoded.length === bytes);
  }, 'base64url');

/** 32 bytes as hex digits: a SHA-256 digest, a fingerprint. */
export const hex32 = z.string().regex(/^[0-9a-f]{64}$/);
