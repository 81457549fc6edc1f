import type { OrientationName } from './orientation.ts';

/**
 * Something that the input gate saw and that did not make it refuse the film. It stands beside the result
 * (contract/words/doubt-words.ts).
 */
export type Doubt =
  /**
   * The film lay so and was turned upright before it was scored: because the file says it and the film shows it, or because
   * the film shows it and somebody asked for it.
   */
  | { readonly kind: 'turned'; readonly from: OrientationName; readonly by: 'header' | 'picture' }
  /** The file says that the film lies so, but it looks upright, and was scored as it is. */
  | { readonly kind: 'orientation-contradicted'; readonly stated: OrientationName }
  /** The film looks mirrored, but the file says that it is not. */
  | { readonly kind: 'looks-mirrored' }
  /** The film check let the film through by a little. */
  | { readonly kind: 'unsure' }
  /** Margins without an image were cut off. The shares are those of the rows and columns that are left. */
  | { readonly kind: 'cropped'; readonly rows: number; readonly columns: number }
  /** The image has less detail than the model looks at. */
  | { readonly kind: 'small'; readonly rows: number; readonly columns: number }
  /** The middle nine tenths of the pixels take this share of the range from black to white. */
  | { readonly kind: 'flat'; readonly range: number }
  /** This share of the pixels is white, or black. */
  | { readonly kind: 'clipped'; readonly end: 'white' | 'black'; readonly share: number }
  | { readonly kind: 'modality'; readonly modality: string }
  | { readonly kind: 'body-part'; readonly bodyPart: string }
  | { readonly kind: 'side'; readonly side: 'left' | 'right' };
