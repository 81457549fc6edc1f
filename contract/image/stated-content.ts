import type { Orientation } from './orientation.ts';

/**
 * What a file says of what its image shows, beside modality and view. All of it is in words of ours: nothing of a person is
 * in it, and no free text of the file.
 */
export type StatedContent = {
  /** `CHEST`, or another part of the body that is known by name; null where the file says none, or none that is known. */
  readonly bodyPart: string | null;
  /** One side only, where the file says so (Laterality). */
  readonly side: 'left' | 'right' | null;
  /** How the film lies (Patient Orientation). */
  readonly orientation: Orientation | null;
  /** True for what a detector measured, before it is made into a picture (Presentation Intent FOR PROCESSING). */
  readonly isRaw: boolean;
  /** True where the file states an age of less than two years. */
  readonly isInfant: boolean;
};

/** What an image without a header says. */
export const nothingStated: StatedContent = {
  bodyPart: null,
  side: null,
  orientation: null,
  isRaw: false,
  isInfant: false,
};
