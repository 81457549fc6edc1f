/**
 * How a film lies: it was mirrored or not, and then turned to the left by so many quarters. An upright film has the head
 * above and the patient's left on the right.
 */
export type Orientation = { readonly quarters: 0 | 1 | 2 | 3; readonly mirrored: boolean };

export const upright: Orientation = { quarters: 0, mirrored: false };

/** The eight ways in which a film can lie, in words. Number `quarters + 4 × mirrored` is that of the way. */
export const orientationNames = [
  'upright',
  'turned left',
  'upside down',
  'turned right',
  'mirrored',
  'mirrored and turned left',
  'mirrored and upside down',
  'mirrored and turned right',
] as const;
export type OrientationName = (typeof orientationNames)[number];

/** The way with a number of 0 … 7. */
export const orientationOf = (number: number): Orientation => ({
  quarters: (number % 4) as Orientation['quarters'],
  mirrored: number >= 4,
});

export const nameOf = ({ quarters, mirrored }: Orientation): OrientationName =>
  orientationNames[quarters + (mirrored ? 4 : 0)]!;
