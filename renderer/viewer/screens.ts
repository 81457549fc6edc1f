/**
 * How many device pixels a screen has per millimetre, by the screen's size. A browser does not know it: somebody holds a
 * card to the screen once.
 */
export type Screens = Readonly<Record<string, number>>;

/** The width of a bank card (ISO/IEC 7810, ID-1), mm. */
export const cardMm = 85.6;
/** Screens between a projector's and a telephone's, device pixels per millimetre. */
const [coarsest, finest] = [0.5, 50];

const isDensity = (value: unknown): value is number =>
  typeof value === 'number' && value >= coarsest && value <= finest;

/** The name of a screen: its size as the system tells it, which the zoom of the page leaves alone. */
export const screenName = ({ width, height }: { readonly width: number; readonly height: number }): string =>
  `${width}x${height}`;

/**
 * The density of a screen on which a bar is as wide as a card.
 *
 * @param barPixels  the bar's width as the page counts it, CSS pixels.
 * @param ratio      device pixels per CSS pixel at that moment.
 */
export const densityOf = (barPixels: number, ratio: number): number => (barPixels * ratio) / cardMm;

/** What was stored; whatever else is there is left out. */
export function storedScreens(text: string | null): Screens {
  try {
    const stored: unknown = JSON.parse(text ?? '{}');
    if (typeof stored !== 'object' || stored === null) return {};
    return Object.fromEntries(
      Object.entries(stored).filter(([name, density]) => /^\d+x\d+$/.test(name) && isDensity(density)),
    );
  } catch {
    return {};
  }
}
