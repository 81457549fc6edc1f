import { type Digest, digestSchema, parseDigest } from './digest.ts';

/** Digest of a bundle's shared description (contract/bundle.ts). It ties the client half to the server half. */
export type BundleId = Digest & { readonly __bundle: true };

/** Reads a bundle id that came from a file or from the network. */
export const bundleIdSchema = digestSchema.transform((digest) => digest as BundleId);

/** Reads a bundle id that this program made itself. @throws TypeError for text that is not a digest. */
export const parseBundleId = (text: string): BundleId => parseDigest(text) as BundleId;
