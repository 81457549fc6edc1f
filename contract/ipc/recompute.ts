import type { CodedError } from '../errors.ts';
import type { EngineInput } from '../stages.ts';

/** To the process that computes an analysis in plaintext (main/engine/recompute.ts). */
export type RecomputeCommand = {
  readonly bundleRoot: string;
  readonly bundleName: string;
  readonly input: EngineInput;
};
/** One number per finding, in the bundle's order, not rounded. */
export type RecomputeEvent =
  | {
      readonly kind: 'computed';
      readonly logits: readonly number[];
      readonly probabilities: readonly number[];
    }
  | { readonly kind: 'failed'; readonly error: CodedError };
