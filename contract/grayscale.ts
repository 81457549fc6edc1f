/** A grayscale window (PS3.3 C.11.2.1.2). */
export type Window = {
  readonly center: number;
  readonly width: number;
  readonly shape: 'LINEAR' | 'LINEAR_EXACT' | 'SIGMOID';
};

/** One table of a Modality or VOI LUT Sequence (PS3.3 C.11.1.1, C.11.2.1.1). */
export type Lut = {
  /** Input value of the first entry; smaller inputs take the first entry, larger ones the last. */
  readonly first: number;
  /** Significant bits of an entry: entries lie in 0 … 2^bits − 1. */
  readonly bits: number;
  readonly entries: Uint16Array;
};

/** The VOI step: a window, a table, or the linear range `low` … `high` where the file has none. */
export type Voi =
  | { readonly kind: 'window'; readonly window: Window }
  | { readonly kind: 'table'; readonly lut: Lut }
  | { readonly kind: 'range'; readonly low: number; readonly high: number };

/** MONOCHROME1 shows the smallest value as white. */
export type Photometric = 'MONOCHROME1' | 'MONOCHROME2';
