import type { BundleId } from '../../contract/ids/bundle-id.ts';
import type { KeyId } from '../../contract/ids/key-id.ts';

/**
 * What was found of a stored frame of evaluation keys: `sound` keys; `invalid` ones, which no client makes by accident;
 * a frame that is `damaged` or gone, so that its digest is not its name; or `unchecked`, when it could not be looked at.
 */
export type Verdict = 'sound' | 'invalid' | 'damaged' | 'unchecked';

/** Looks at every byte of stored evaluation keys, away from the thread that serves HTTP. */
export interface KeyVerifier {
  /** Never rejects. */
  verify(key: KeyId, bundle: BundleId): Promise<Verdict>;
  close(): Promise<void>;
}
