import type { ImageRow, StudyRow } from '../../contract/ipc/worklist.ts';

/** What hangs beside the chosen image: nothing, another view of its study, or the patient's earlier study. */
export type Comparison = 'none' | 'view' | 'prior';
export type Hung = { readonly image: ImageRow; readonly study: StudyRow };

/** Lateral views begin with their side, `LL`, `RLD`, or are `LAT`; frontal ones and unknown ones do not. */
export const isLateral = (image: ImageRow): boolean => /^[LR]/.test(image.frame.view ?? '');

/** Another view of the study: the one that the chosen image is not, lateral or frontal, before any other. */
function otherView(study: StudyRow, chosen: ImageRow): Hung | null {
  const others = study.images.filter(({ id }) => id !== chosen.id);
  const image = others.find((other) => isLateral(other) !== isLateral(chosen)) ?? others[0];
  return image === undefined ? null : { image, study };
}

/** The same view of the earlier study; else the image that was classified, else its first. */
function priorView(prior: StudyRow | undefined, chosen: ImageRow): Hung | null {
  if (prior === undefined) return null;
  const alike = prior.images.filter((other) => isLateral(other) === isLateral(chosen));
  const scored = (images: readonly ImageRow[]) => images.find(({ id }) => id === prior.scoredImageId);
  const image = scored(alike) ?? alike[0] ?? scored(prior.images) ?? prior.images[0];
  return image === undefined ? null : { image, study: prior };
}

/** Finds what hangs beside an image under a comparison; null where there is nothing of the kind. */
export function beside(
  comparison: Comparison,
  study: StudyRow,
  chosen: ImageRow,
  rows: readonly StudyRow[],
): Hung | null {
  switch (comparison) {
    case 'none':
      return null;
    case 'view':
      return otherView(study, chosen);
    case 'prior':
      return priorView(
        rows.find(({ id }) => id === study.priorId),
        chosen,
      );
  }
}

const inOrder: readonly Comparison[] = ['none', 'view', 'prior'];

/** What was stored; none for anything else. */
export const comparisonOf = (stored: string | null): Comparison =>
  inOrder.find((one) => one === stored) ?? 'none';

/**
 * The next comparison that shows something, one key press further; `none` after the last. What `now` cannot show here
 * counts as none.
 */
export function nextComparison(
  now: Comparison,
  study: StudyRow,
  chosen: ImageRow,
  rows: readonly StudyRow[],
): Comparison {
  const possible = inOrder.filter((one) => one === 'none' || beside(one, study, chosen, rows) !== null);
  return possible[(Math.max(possible.indexOf(now), 0) + 1) % possible.length]!;
}
