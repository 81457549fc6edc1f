import type { BundleDescription, KeyPlan } from '../../contract/bundle.ts';
import { mergeKeyPlans } from '../wire/sizes.ts';
import type { Compiled } from './compile.ts';

/**
 * Collects what both halves of a bundle must know of a compiled network: parameters, packings, the key plan and the
 * cost.
 *
 * @param shared  key plans of other programs under the same CKKS parameters that the same keys are to serve.
 */
export function describeCompiled(
  compiled: Compiled,
  given: Pick<BundleDescription, 'name' | 'latentBound' | 'logitBound' | 'programDigest' | 'files'>,
  shared: readonly KeyPlan[] = [],
): BundleDescription {
  return {
    format: 'cipherfilm-bundle/2',
    ckks: compiled.ckks,
    placement: compiled.strategy,
    input: compiled.input,
    output: compiled.output,
    result: compiled.result,
    evaluationKeys: mergeKeyPlans([compiled.program.keys, ...shared]),
    cost: compiled.program.cost,
    ...given,
  };
}
