/** A point of an image, pixels from the upper left corner of the first pixel: x along the row, y down. */
export type ImagePoint = { readonly x: number; readonly y: number };

/**
 * One shape of a display shutter. What lies outside of it is not shown. A circle's radius counts pixels along the row,
 * so that it is a circle on the screen and not in pixels where these are not square.
 */
export type ShutterShape =
  | {
      readonly kind: 'rectangle';
      readonly left: number;
      readonly top: number;
      readonly right: number;
      readonly bottom: number;
    }
  | { readonly kind: 'circle'; readonly center: ImagePoint; readonly radius: number }
  | { readonly kind: 'polygon'; readonly points: readonly ImagePoint[] };

/**
 * The display shutter of a file (DICOM PS3.3 C.7.6.11). It covers what is not anatomy, such as the unexposed border that
 * would dazzle. Of several shapes only what lies within all is shown. `grey` is the level outside, 0 … 255; no grayscale
 * and no inversion changes it.
 */
export type Shutter = { readonly shapes: readonly ShutterShape[]; readonly grey: number };

/**
 * An overlay plane (DICOM PS3.3 C.9.2): marks of one bit per pixel that are drawn over an image, such as letters (graphics)
 * or the outline of a region (ROI).
 */
export type Overlay = {
  readonly kind: 'graphics' | 'region';
  /** Three numbers per run of marked pixels: its row, its first column, its length. All lie in the image. */
  readonly runs: Uint32Array;
};
