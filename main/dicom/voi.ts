import type { Window } from './image.ts';

/**
 * Applies a grayscale window to one modality value.
 *
 * @returns a number in [0, 1]; PS3.3's y_min and y_max are 0 and 1 here.
 * @see     PS3.3 C.11.2.1.2.1 LINEAR, C.11.2.1.3.1 SIGMOID, C.11.2.1.3.2 LINEAR_EXACT.
 */
export function applyWindow({ center, width, shape }: Window, x: number): number {
  switch (shape) {
    case 'LINEAR': {
      // Center and width speak of integer values: the window runs over `width` values, hence the −0.5 and −1.
      const middle = center - 0.5;
      const half = (width - 1) / 2;
      if (x <= middle - half) return 0;
      if (x > middle + half) return 1;
      return (x - middle) / (width - 1) + 0.5;
    }
    case 'LINEAR_EXACT': {
      if (x <= center - width / 2) return 0;
      if (x > center + width / 2) return 1;
      return (x - center) / width + 0.5;
    }
    case 'SIGMOID':
      return 1 / (1 + Math.exp((-4 * (x - center)) / width));
  }
}
