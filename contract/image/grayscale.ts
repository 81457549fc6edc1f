/**
 * A grayscale window: the range of modality values that is spread from black to white. `center` is its middle and
 * `width` its extent, both in modality values. `shape` names the curve between (DICOM PS3.3 C.11.2.1.2).
 */
export type Window = {
  readonly center: number;
  readonly width: number;
  readonly shape: 'LINEAR' | 'LINEAR_EXACT' | 'SIGMOID';
};

/** A look-up table (LUT) of a Modality or VOI LUT Sequence (DICOM PS3.3 C.11.1.1, C.11.2.1.1). */
export type Lut = {
  /** The input value of the first entry. Smaller inputs take the first entry, larger ones the last. */
  readonly first: number;
  /** The number of significant bits of an entry: entries lie in 0 … 2^bits − 1. */
  readonly bits: number;
  readonly entries: Uint16Array;
};

/**
 * The VOI (values of interest) step, which maps modality values to brightness in [0, 1]. It is a window or a table of
 * the file, or the linear range from `low` to `high` where the file has neither.
 */
export type Voi =
  | { readonly kind: 'window'; readonly window: Window }
  | { readonly kind: 'table'; readonly lut: Lut }
  | { readonly kind: 'range'; readonly low: number; readonly high: number };

/** The polarity of an image. MONOCHROME1 shows the smallest value as white, MONOCHROME2 as black. */
export type Photometric = 'MONOCHROME1' | 'MONOCHROME2';
