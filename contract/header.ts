import type { PatientIdentity, StudyIdentity } from './identity.ts';

/**
 * What a file says about whom and what it shows. The window and the worklist have it; the engine, which holds the
 * secret key, and everything that is sent have not.
 */
export type ImageHeader = {
  readonly patient: PatientIdentity;
  readonly study: StudyIdentity;
  readonly series: SeriesHeader;
  readonly image: FrameHeader;
};

export type SeriesHeader = {
  readonly uid: string;
  readonly number: number | null;
  readonly description: string | null;
  readonly modality: string;
};

export type FrameHeader = {
  readonly uid: string;
  readonly number: number | null;
  readonly view: string | null;
  readonly laterality: 'left' | 'right' | 'both' | null;
  readonly date: string | null;
  readonly time: string | null;
  readonly rows: number;
  readonly columns: number;
  /** Where the first row and the first column run to (PS3.3 C.7.6.1.1.1), `['L', 'F']` for a PA film. */
  readonly orientation: readonly [row: string, column: string] | null;
  readonly spacing: PixelSpacing | null;
  /** What the file says of patient data in the pixels: (0028,0301). */
  readonly burnedIn: boolean | null;
  readonly lossy: { readonly ratio: number | null } | null;
};

/**
 * Distance between pixels, mm. `plane`: `calibrated` at the anatomy, by a person or a marker; `corrected` the
 * detector's, divided by the magnification that the file estimates; `detector`; `film` of a digitised film;
 * `unstated` where the file does not say of which plane it speaks.
 */
export type PixelSpacing = {
  readonly row: number;
  readonly column: number;
  readonly plane: 'calibrated' | 'corrected' | 'detector' | 'film' | 'unstated';
};
