import type { SourceImage } from '../contract/image/source-image.ts';
import type { Dataset } from './dataset/dataset.ts';
import { parseDataset } from './dataset/parse.ts';
import { textReader } from './identity.ts';

/**
 * Reads what a report repeats of its image. Like header.ts it is kept apart from read.ts, because patient data must not
 * come near the way to the engine.
 *
 * @param file  the bytes of a DICOM file.
 * @throws CxrError 'dicom-not-dicom', 'dicom-malformed', 'dicom-truncated', 'dicom-transfer-syntax', 'dicom-unsupported',
 *         'dicom-too-large'.
 */
export function readSourceImage(file: Uint8Array): SourceImage {
  const { dataset } = parseDataset(file);
  const text = textReader(dataset, 'copy');
  return {
    patient: {
      name: text('x00100010', 'PN'),
      id: text('x00100020', 'LO'),
      issuer: text('x00100021', 'LO'),
      birthDate: dateIn(dataset, 'x00100030'),
      sex: matching(dataset, 'x00100040', /^[FMO]$/),
      age: matching(dataset, 'x00101010', /^\d{3}[DWMY]$/),
    },
    study: {
      uid: uidIn(dataset, 'x0020000d'),
      date: dateIn(dataset, 'x00080020'),
      time: timeIn(dataset, 'x00080030'),
      accession: text('x00080050', 'SH'),
      id: text('x00200010', 'SH'),
      description: text('x00081030', 'LO'),
      referringPhysician: text('x00080090', 'PN'),
    },
    image: {
      seriesUid: uidIn(dataset, 'x0020000e'),
      sopClass: uidIn(dataset, 'x00080016'),
      uid: uidIn(dataset, 'x00080018'),
      modality: matching(dataset, 'x00080060', /^[A-Z]{2,16}$/),
      orientation: dataset.texts('x00200020').filter((direction) => /^[ALRPHF]{1,3}$/.test(direction)),
      burnedIn: ({ YES: true, NO: false } as const)[dataset.text('x00280301') ?? ''] ?? null,
      lossy: dataset.text('x00282110') === '01' ? lossOf(dataset) : null,
    },
  };
}

const lossOf = (dataset: Dataset): SourceImage['image']['lossy'] => ({
  ratios: dataset.texts('x00282112').filter((ratio) => /^\d+(\.\d*)?$/.test(ratio) && ratio.length <= 16),
  methods: dataset.texts('x00282114').filter((method) => /^[A-Z0-9_ ]{1,16}$/.test(method)),
});

function matching(dataset: Dataset, tag: string, form: RegExp): string | null {
  const value = dataset.text(tag);
  return value !== null && form.test(value) ? value : null;
}

/** A UID is kept as it is, even one with zeros that it should not have: the study has no other name. */
const uidIn = (dataset: Dataset, tag: string): string | null => matching(dataset, tag, /^[0-9.]{1,64}$/);

/** Files older than 1993 put points into a date, which no date of today has. */
const dateIn = (dataset: Dataset, tag: string): string | null =>
  matching(dataset, tag, /^\d{4}\.?\d{2}\.?\d{2}$/)?.replaceAll('.', '') ?? null;

const timeIn = (dataset: Dataset, tag: string): string | null =>
  matching(dataset, tag, /^\d{2}:?(\d{2}:?(\d{2}(\.\d{1,6})?)?)?$/)?.replaceAll(':', '') ?? null;
