import type { PatientIdentity, StudyIdentity } from '../identity.ts';

/**
 * What a DICOM file says about whom and what it shows. The window and the worklist have it. The engine, which holds the
 * secret key, does not get it, and nothing of it is sent.
 */
export type ImageHeader = {
  readonly patient: PatientIdentity;
  readonly study: StudyIdentity;
  readonly series: SeriesHeader;
  readonly image: FrameHeader;
};

/** The series of an image: the images that one device made in one go. */
export type SeriesHeader = {
  readonly uid: string;
  readonly number: number | null;
  readonly description: string | null;
  readonly modality: string;
};

/** What a file says about its image. A field is null where the file does not say it or says nothing usable. */
export type FrameHeader = {
  readonly uid: string;
  readonly number: number | null;
  /** From which side the image was taken: a term of View Position (0018,5101), such as `PA`, `AP` or `LL`. */
  readonly view: string | null;
  readonly laterality: 'left' | 'right' | 'both' | null;
  /** When the image was taken: ISO 8601, YYYY-MM-DD. */
  readonly date: string | null;
  /** HH:MM:SS. */
  readonly time: string | null;
  readonly rows: number;
  readonly columns: number;
  /**
   * The directions of the body into which rows and columns run: `['L', 'F']` is to the patient's left and to the feet,
   * as on a usual chest film (Patient Orientation, PS3.3 C.7.6.1.1.1).
   */
  readonly orientation: readonly [row: string, column: string] | null;
  readonly spacing: PixelSpacing | null;
  /** Whether the file says that patient data are drawn into the pixels (0028,0301). */
  readonly burnedIn: boolean | null;
  /** The compression ratio of an image that was compressed with loss; null for an image that was not. */
  readonly lossy: { readonly ratio: number | null } | null;
};

/**
 * The distance between the middles of neighbouring pixels, mm. X-rays magnify, so a distance holds in one plane only,
 * and `plane` says in which:
 *
 * - `calibrated`: in the anatomy, as a person or a marker of known size established it;
 * - `corrected`: in the anatomy, as the detector's distance divided by the magnification that the file estimates;
 * - `detector`: on the detector, behind the anatomy;
 * - `film`: on a film that was digitised;
 * - `unstated`: the file does not say of which plane it speaks.
 */
export type PixelSpacing = {
  readonly row: number;
  readonly column: number;
  readonly plane: 'calibrated' | 'corrected' | 'detector' | 'film' | 'unstated';
};
