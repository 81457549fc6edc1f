import type { Dataset } from './dataset/dataset.ts';
import type { OverlayPlane } from './image.ts';

/** The groups that overlays lie in: 6000, 6002, … 601E (PS3.5 7.6). */
const groups = Array.from({ length: 16 }, (_, index) => (0x6000 + 2 * index).toString(16));

/**
 * Reads the overlay planes of a file (PS3.3 C.9.2). A plane has its bits in Overlay Data (60xx,3000), or in bits of the
 * pixel cells that hold no pixel, as files before 2004 do (PS3.5 8.1.2, retired).
 *
 * @returns `overlayProblem` is true when a plane is declared and its numbers or bits are missing.
 */
export function readOverlays(
  dataset: Dataset,
  image: { readonly rows: number; readonly columns: number },
): { readonly overlays: readonly OverlayPlane[]; readonly overlayProblem: boolean } {
  const declared = groups.filter((group) => dataset.unsigned(`x${group}0010`) !== null);
  const overlays = declared.map((group) => plane(dataset, group, image)).filter((one) => one !== null);
  return { overlays, overlayProblem: overlays.length < declared.length };
}

function plane(
  dataset: Dataset,
  group: string,
  image: { readonly rows: number; readonly columns: number },
): OverlayPlane | null {
  const tag = (element: string) => `x${group}${element}`;
  const rows = dataset.unsigned(tag('0010'));
  const columns = dataset.unsigned(tag('0011'));
  if (!rows || !columns) return null;
  const bits = dataset.words(tag('3000'));
  const place = {
    kind: dataset.text(tag('0040')) === 'R' ? ('region' as const) : ('graphics' as const),
    rows,
    columns,
    // Overlay Origin counts rows and columns from 1 and may lie outside the image.
    top: (dataset.signed(tag('0050'), 0) ?? 1) - 1,
    left: (dataset.signed(tag('0050'), 1) ?? 1) - 1,
  };
  if (bits !== null) return bits.length * 8 >= rows * columns ? { ...place, bits } : null;
  const bit = dataset.unsigned(tag('0102'));
  const isWhole = rows === image.rows && columns === image.columns;
  return bit === null || bit > 15 || !isWhole ? null : { ...place, bits: bit };
}
