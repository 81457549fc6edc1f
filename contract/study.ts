import type { Photometric, Voi } from '../dicom/display/grayscale.ts';
import type { RadiographFacts } from './stages.ts';

/**
 * What a file says about whom and what it shows. The window and the worklist have it; the engine, which holds the
 * secret key, and everything that is sent have not.
 */
export type ImageHeader = {
  readonly patient: PatientHeader;
  readonly study: StudyHeader;
  readonly series: SeriesHeader;
  readonly image: FrameHeader;
};

export type PatientHeader = {
  /** As people write it: family name, given names. */
  readonly name: string | null;
  readonly id: string | null;
  readonly issuer: string | null;
  /** ISO 8601, YYYY-MM-DD. */
  readonly birthDate: string | null;
  readonly sex: 'female' | 'male' | 'other' | null;
  /** Age at the study as the file has it: `057Y`. */
  readonly age: string | null;
};

export type StudyHeader = {
  readonly uid: string;
  /** ISO 8601, YYYY-MM-DD. */
  readonly date: string | null;
  /** HH:MM:SS. */
  readonly time: string | null;
  readonly accession: string | null;
  readonly description: string | null;
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

/** A grayscale that the file offers. */
export type NamedVoi = { readonly name: string; readonly voi: Voi };

/** A decoded radiograph, ready to be shown under any grayscale. */
export type Film = {
  readonly rows: number;
  readonly columns: number;
  /** rows×columns stored codes, row by row. */
  readonly codes: Uint16Array;
  /** Modality value of every possible code. */
  readonly modality: Float64Array;
  readonly photometric: Photometric;
  /** The file's grayscales; the first is the one to begin with. */
  readonly vois: readonly NamedVoi[];
  readonly voiProblem: boolean;
  /** Least and largest modality value, padding left out. */
  readonly range: { readonly low: number; readonly high: number };
  /** Modality values between which 98 % of the pixels lie. */
  readonly central: { readonly low: number; readonly high: number };
  readonly facts: RadiographFacts;
  readonly lossy: boolean;
};

/** A small 8-bit rendering. */
export type Thumbnail = { readonly rows: number; readonly columns: number; readonly pixels: Uint8Array };
