import type { InputVerdict } from '../../contract/stages.ts';

/** From this share of a limit on the film was let through by a little only. */
const near = 0.9;

/**
 * The input gate's verdict in words. The gate has two measures that must stay under a limit and one that must stay over
 * it, so "near" is nine tenths of the first two, and one decibel of the third.
 */
export function gateInWords({
  distance,
  distanceLimit,
  size,
  sizeLimit,
  psnr,
  psnrLimit,
}: InputVerdict): string {
  const close = [
    distance >= near * distanceLimit ? 'is almost as far from the training films as the check allows' : '',
    size >= near * sizeLimit ? 'has almost the strongest encoding that the check allows' : '',
    psnr <= psnrLimit + 1 ? 'is redrawn by the model hardly better than the check demands' : '',
  ].filter((words) => words !== '');
  if (close.length === 0)
    return 'All three measures are well within their limits: the film is like those of the training.';
  return `Let through by a little: the film ${close.join(' and ')}. Trust the result less.`;
}
