import type { CodedError } from '../errors.ts';
import type { EngineInput } from '../stages.ts';

/** What is asked of the process that computes an analysis in plaintext, on this machine (main/engine/recompute.ts). */
export type RecomputeCommand = {
  readonly bundleRoot: string;
  readonly bundleName: string;
  readonly input: EngineInput;
};
/**
 * What that process answers. `logits` and `probabilities` have one number per finding in the bundle's order, not
 * rounded.
 */
export type RecomputeEvent =
  | {
      readonly kind: 'computed';
      readonly logits: readonly number[];
      readonly probabilities: readonly number[];
    }
  | { readonly kind: 'failed'; readonly error: CodedError };
