import { findBundle, refuseBelowFloor } from '../../bundles.ts';
import { FrameStreamCheck } from '../../store/frame-stream.ts';
import type { EvaluatorDeps } from '../deps.ts';

/**
 * A check for one frame of evaluation keys, for the bundles that are served.
 *
 * @param refuse  told the bytes of the frame as soon as its header has come; throws for a frame that may not come.
 */
export function keyCheck(
  { bundles }: Pick<EvaluatorDeps, 'bundles'>,
  refuse: (bytes: number) => void = () => {},
): FrameStreamCheck {
  return new FrameStreamCheck(
    'evaluationKeys',
    (bundle) => findBundle(bundles, bundle).limits.evaluationKeys,
    (bytes, bundle) => {
      refuseBelowFloor(bytes, findBundle(bundles, bundle).floors.evaluationKeys);
      refuse(bytes);
    },
  );
}
