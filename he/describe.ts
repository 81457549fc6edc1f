import type { BundleDescription } from '../contract/bundle.ts';
import type { Compiled } from './compile.ts';

/** What both halves of a bundle must know of a compiled network. */
export function describeCompiled(
  compiled: Compiled,
  given: Pick<BundleDescription, 'name' | 'latentBound' | 'logitBound' | 'programDigest' | 'files'>,
): BundleDescription {
  return {
    format: 'cipherfilm-bundle/2',
    ckks: compiled.ckks,
    placement: compiled.strategy,
    input: compiled.input,
    output: compiled.output,
    result: compiled.result,
    evaluationKeys: compiled.program.keys,
    cost: compiled.program.cost,
    ...given,
  };
}
