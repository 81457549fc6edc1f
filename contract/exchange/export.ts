import type { Digest } from '../ids/digest.ts';
import type { Thumbnail } from '../image/film.ts';
import type { SourceImage } from '../image/source-image.ts';

/**
 * The forms in which a result leaves the program. `sr` is a DICOM structured report and `sc` a DICOM picture, both in the study
 * of the image; `pdf` is a page to read; `csv` and `json` have one row for each finding. `film` is a copy of the image without
 * identity, for those who are to get both; it goes with anonymous exports only.
 */
export const exportForms = ['sr', 'sc', 'pdf', 'csv', 'json', 'film'] as const;
/** One of these forms. */
export type ExportForm = (typeof exportForms)[number];
/** The forms that an archive takes: DICOM objects of the image's own study. */
export const archiveForms = ['sr', 'sc'] as const satisfies readonly ExportForm[];

/**
 * What an export needs of the image that was scored: what a report repeats of it, the film reduced, and the digest of its pixel
 * data as they are stored, by which an exchanged file is found out.
 */
export type ReportSource = {
  readonly image: SourceImage;
  readonly film: Thumbnail;
  readonly pixels: Digest;
};

/** The most square pixels that the longest side of the film has in a report. */
export const reportedSide = 1024;

/**
 * What stands for the names of an image in a copy without identity. `daysBack` is how far its dates are moved; null removes
 * them. The secret that these were made with stays out of the process that opens foreign files.
 */
export type FilmNames = {
  readonly study: string;
  readonly series: string;
  readonly image: string;
  readonly daysBack: number | null;
};
