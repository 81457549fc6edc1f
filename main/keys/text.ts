import { z } from 'zod';

/** Base64url without padding, in the one spelling that its bytes have. @param bytes  how many; any number if left out. */
export const base64url = (bytes?: number) =>
  z.string().refine((text) => {
    const decoded = Buffer.from(text, 'base64url');
    return decoded.toString('base64url') === text && (bytes === undefined || decoded.length === bytes);
  }, 'base64url');

/** SHA-256 and the like. */
export const hex32 = z.string().regex(/^[0-9a-f]{64}$/);
