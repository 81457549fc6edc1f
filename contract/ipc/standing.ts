import type { CodedError } from '../errors.ts';
import type { KeyId } from '../ids/key-id.ts';

/**
 * How things stand between this workstation and its evaluator. The evaluator can take a study at once only in the state
 * `ready`: it answered lately, it serves the model that is open here, and it holds the evaluation keys.
 *
 * `fraction` is how much of the keys is made or uploaded, in [0, 1].
 */
export type Standing =
  /** The engine opens its model. */
  | { readonly kind: 'starting' }
  /** The evaluator was asked who it is and has not answered yet. */
  | { readonly kind: 'connecting' }
  | { readonly kind: 'generating-keys'; readonly fraction: number }
  | { readonly kind: 'uploading-keys'; readonly fraction: number }
  | { readonly kind: 'ready'; readonly keyId: KeyId }
  /** The last try failed. Another follows by itself, except after an error that only a person can mend. */
  | { readonly kind: 'trouble'; readonly error: CodedError };

/** Errors of the evaluator that no other study would escape, beside those that begin with `evaluator-`. */
const forEveryStudy: ReadonlySet<string> = new Set([
  'bundle-unknown',
  'queue-full',
  'quota-exceeded',
  'storage-full',
  'evaluation-key-missing',
]);

/** Tells whether an error speaks of the evaluator or of the way to it, and not of one study. */
export const isEvaluatorTrouble = ({ code }: CodedError): boolean =>
  code.startsWith('evaluator-') || forEveryStudy.has(code);
