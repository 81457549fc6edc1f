import { CxrError } from '../contract/errors.ts';
import type { ImageHeader } from '../contract/image/header.ts';
import { ownPictureSeries } from '../contract/words/finding-words.ts';
import { parseDataset } from './dataset/parse.ts';
import { date, readIdentity, textReader, time, uid } from './identity.ts';
import { readSpacing } from './spacing.ts';
import { readView } from './view.ts';

/**
 * Reads whom and what a file shows, for the window and the worklist. This file is kept apart from read.ts, because the
 * way to the engine goes through read.ts and patient data end there.
 *
 * @param file  the bytes of a DICOM file.
 * @throws CxrError 'dicom-not-dicom', 'dicom-malformed', 'dicom-truncated', 'dicom-transfer-syntax', 'dicom-unsupported'.
 */
export function readHeader(file: Uint8Array): ImageHeader {
  const { dataset } = parseDataset(file);
  const text = textReader(dataset);
  return {
    ...readIdentity(dataset, file),
    series: {
      uid: uid(dataset, 'x0020000e', file),
      number: whole(dataset.decimal('x00200011')),
      description: text('x0008103e', 'LO'),
      modality: /^[A-Z]{2,16}$/.exec(dataset.text('x00080060') ?? '')?.[0] ?? '',
    },
    image: {
      uid: uid(dataset, 'x00080018', file),
      number: whole(dataset.decimal('x00200013')),
      // A term that is not known is told all the same: it is not frontal.
      view: readView(dataset) ?? /^[A-Z]{2,16}$/.exec(dataset.text('x00185101') ?? '')?.[0] ?? null,
      laterality: laterality(dataset.text('x00200062') ?? dataset.text('x00200060')),
      date: date(dataset.text('x00080022') ?? dataset.text('x00080023')),
      time: time(dataset.text('x00080032') ?? dataset.text('x00080033')),
      rows: dataset.unsigned('x00280010') ?? 0,
      columns: dataset.unsigned('x00280011') ?? 0,
      orientation: orientation(dataset.texts('x00200020')),
      spacing: readSpacing(dataset),
      burnedIn: ({ YES: true, NO: false } as const)[dataset.text('x00280301') ?? ''] ?? null,
      lossy: dataset.text('x00282110') === '01' ? { ratio: positive(dataset.decimal('x00282112')) } : null,
    },
  };
}

const laterality = (value: string | null): ImageHeader['image']['laterality'] =>
  value === 'L' ? 'left' : value === 'R' ? 'right' : value === 'B' ? 'both' : null;

function orientation([row = '', column = '']: readonly string[]): ImageHeader['image']['orientation'] {
  const direction = /^[ALRPHF]{1,3}$/;
  return direction.test(row) && direction.test(column) ? [row, column] : null;
}

const whole = (value: number | null): number | null =>
  value !== null && Number.isSafeInteger(value) ? value : null;
const positive = (value: number | null): number | null =>
  value !== null && Number.isFinite(value) && value > 0 ? value : null;

/** Modalities whose images are radiographs: everything else is left to other viewers. */
const radiographs = new Set(['CR', 'DX', 'RF', 'XA', 'RG', 'PX', 'IO', 'MG', 'OT', 'SC', 'XC', 'HC', '']);

/**
 * Refuses an image whose modality is not one of radiographs, and a picture that this program made of one: it lies in the same
 * study, and with the text beside it it would be scored as another film.
 *
 * @throws CxrError 'dicom-not-radiograph'.
 */
export function checkRadiograph({ series }: ImageHeader): void {
  if (series.description === ownPictureSeries)
    throw new CxrError('dicom-not-radiograph', { modality: 'picture of findings' });
  if (!radiographs.has(series.modality))
    throw new CxrError('dicom-not-radiograph', { modality: series.modality });
}
