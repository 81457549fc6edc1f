import { type Digest, digestSchema, parseDigest } from './digest.ts';

/** The digest of a frame of evaluation keys. An evaluator stores the frame under this name. */
export type KeyId = Digest & { readonly __key: true };

/** Reads a key id that came from a file or from the network. */
export const keyIdSchema = digestSchema.transform((digest) => digest as KeyId);

/** Reads a key id that this program made itself. @throws TypeError for text that is not a digest. */
export const parseKeyId = (text: string): KeyId => parseDigest(text) as KeyId;
