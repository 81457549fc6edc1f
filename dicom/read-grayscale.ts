import { CxrError } from '../contract/errors.ts';
import type { Dataset } from './dataset/dataset.ts';
import { type InputRange, readLut } from './dataset/read-lut.ts';
import { isUsableWindow } from './display/grayscale.ts';
import type { DicomImage, FileVoi, PixelLayout, VoiPlace } from './image.ts';

/** Terms of Rescale Type and Modality LUT Type (PS3.3 C.11.1.1.2), and the unit that each means. */
const units: Readonly<Record<string, string>> = {
  OD: '10⁻³ OD',
  HU: 'HU',
  HU_MOD: 'HU (modified)',
  MGML: 'mg/ml',
  Z_EFF: 'Z (effective)',
  ED: '10²³ electrons/ml',
  EDW: 'electron density (water = 1)',
  PCT: '%',
};
const relationships = ['LIN', 'LOG', 'DISP'] as const;

/**
 * Reads the Modality LUT Sequence, or else Rescale Slope and Intercept (PS3.3 C.11.1). Where the file has neither, a
 * stored value is its own modality value.
 *
 * @throws CxrError 'dicom-pixels' where the table cannot be read, slope or intercept is no number, or the slope is 0.
 */
export function readModalityTransform(
  dataset: Dataset,
  layout: PixelLayout,
): Pick<DicomImage, 'modalityTransform' | 'meaning'> {
  const item = dataset.item('x00283000');
  const lut = readLut(item, storedRange(layout))?.lut ?? null;
  // Its values would be taken for the wrong ones without it. An empty sequence, or item, is none.
  const isStated = item === null ? dataset.element('x00283000') !== null : !item.isEmpty;
  if (lut === null && isStated) throw new CxrError('dicom-pixels', { reason: 'modality LUT' });
  const term = dataset.text('x00281040');
  const meaning = (type: string | null | undefined): DicomImage['meaning'] => ({
    unit: units[type ?? ''] ?? null,
    relationship: relationships.find((name) => name === term) ?? null,
  });
  if (lut !== null)
    return { modalityTransform: { kind: 'table', lut }, meaning: meaning(item?.text('x00283004')) };
  const slope = dataset.decimal('x00281053') ?? 1;
  const intercept = dataset.decimal('x00281052') ?? 0;
  if (!Number.isFinite(slope) || !Number.isFinite(intercept) || slope === 0) {
    throw new CxrError('dicom-pixels', { reason: 'rescale' });
  }
  return {
    modalityTransform: { kind: 'linear', slope, intercept },
    meaning: meaning(dataset.text('x00281054')),
  };
}

function storedRange({ bitsStored, signed }: PixelLayout): InputRange {
  return signed
    ? { low: -(2 ** (bitsStored - 1)), high: 2 ** (bitsStored - 1) - 1 }
    : { low: 0, high: 2 ** bitsStored - 1 };
}

/** Finds the least and the largest modality value that any stored value can have. */
function modalityRange(layout: PixelLayout, transform: DicomImage['modalityTransform']): InputRange {
  if (transform.kind === 'table') return { low: 0, high: 2 ** transform.lut.bits - 1 };
  const { low, high } = storedRange(layout);
  const ends = [low, high].map((value) => value * transform.slope + transform.intercept);
  return { low: Math.min(...ends), high: Math.max(...ends) };
}

const windowShapes = ['LINEAR', 'LINEAR_EXACT', 'SIGMOID'] as const;
/** More than any file has; a damaged one may claim thousands. */
const mostVois = 32;

/**
 * Reads the file's own grayscales (PS3.3 C.11.2): first the tables of the VOI LUT Sequence, then the windows. Where a
 * file offers both, "only one may be applied" at a time. A table comes first, because a vendor adds one when a window
 * is not enough.
 *
 * @returns `unusableVois` are those that cannot be read, so that nobody takes another for them.
 */
export function readVois(
  dataset: Dataset,
  layout: PixelLayout,
  transform: DicomImage['modalityTransform'],
): Pick<DicomImage, 'vois' | 'unusableVois'> {
  const read = [...readTables(dataset, modalityRange(layout, transform)), ...readWindows(dataset)];
  return {
    vois: read.filter((one) => 'voi' in one),
    unusableVois: read.filter((one) => !('voi' in one)).map(({ place }) => place),
  };
}

type Read = FileVoi | { readonly place: VoiPlace };

function readTables(dataset: Dataset, range: InputRange): Read[] {
  const items = dataset.items('x00283010');
  // A sequence whose items cannot be told apart is one table that cannot be read.
  if (items.length === 0 && dataset.element('x00283010') !== null)
    return [{ place: { kind: 'table', number: 1 } }];
  return items
    .filter((item) => !item.isEmpty)
    .slice(0, mostVois)
    .map((item, index) => {
      const place = { kind: 'table' as const, number: index + 1 };
      const found = readLut(item, range);
      if (found === null) return { place };
      const { lut, note } = found;
      return { place, voi: { kind: 'table', lut }, explanation: item.text('x00283003'), note };
    });
}

function readWindows(dataset: Dataset): Read[] {
  const [centers, widths] = [dataset.decimals('x00281050'), dataset.decimals('x00281051')];
  const explanations = dataset.texts('x00281055');
  const declared = (dataset.text('x00281056') ?? 'LINEAR').toUpperCase();
  const shape = windowShapes.find((name) => name === declared);
  // An element that is longer than any text has no values here, but was there.
  const isStated = dataset.element('x00281050') !== null || dataset.element('x00281051') !== null;
  const count = Math.max(centers.length, widths.length, isStated ? 1 : 0);
  return Array.from({ length: Math.min(count, mostVois) }, (_, index): Read => {
    const place = { kind: 'window' as const, number: index + 1 };
    const [center, width] = [centers[index] ?? null, widths[index] ?? null];
    if (center === null || width === null || shape === undefined) return { place };
    const window = { center, width, shape };
    if (!isUsableWindow(window)) return { place };
    return { place, voi: { kind: 'window', window }, explanation: explanations[index] || null, note: null };
  });
}
