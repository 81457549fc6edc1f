import { type Digest, digestSchema, parseDigest } from './digest.ts';

/** Digest of an evaluation-key frame. An evaluator stores the frame under this name. */
export type KeyId = Digest & { readonly __key: true };

/** Reads a key id that came from a file or from the network. */
export const keyIdSchema = digestSchema.transform((digest) => digest as KeyId);

/** @throws TypeError for text that is no digest. */
export const parseKeyId = (text: string): KeyId => parseDigest(text) as KeyId;
