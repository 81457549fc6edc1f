import { createHash } from 'node:crypto';
import { convertBytes } from 'dicom-character-set';
import { CxrError } from '../contract/errors.ts';
import type { ImageHeader, PixelSpacing } from '../contract/study.ts';
import { type Dataset, parseDataset } from './dataset/dataset.ts';
import { latin1 } from './dataset/file-meta.ts';

const longestShown = 128;
/** Control characters and marks that reverse the writing direction: a name must not be able to rearrange a label. */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * Reads who and what a file shows, for the window and the worklist. Kept apart from read.ts, which the way to the
 * engine goes through and where patient data ends.
 *
 * @throws CxrError 'dicom-not-dicom', 'dicom-truncated', 'dicom-transfer-syntax', 'dicom-unsupported'.
 */
export function readHeader(file: Uint8Array): ImageHeader {
  const { dataset } = parseDataset(file);
  const text = textReader(dataset);
  const sex = dataset.text('x00100040');
  return {
    patient: {
      name: personName(text('x00100010', 'PN')),
      id: text('x00100020', 'LO'),
      issuer: text('x00100021', 'LO'),
      birthDate: date(dataset.text('x00100030')),
      sex: sex === 'F' ? 'female' : sex === 'M' ? 'male' : sex === 'O' ? 'other' : null,
      age: /^\d{3}[DWMY]$/.exec(dataset.text('x00101010') ?? '')?.[0] ?? null,
    },
    study: {
      uid: uid(dataset, 'x0020000d', file),
      date: date(dataset.text('x00080020')),
      time: time(dataset.text('x00080030')),
      accession: text('x00080050', 'SH'),
      description: text('x00081030', 'LO'),
    },
    series: {
      uid: uid(dataset, 'x0020000e', file),
      number: whole(dataset.decimal('x00200011')),
      description: text('x0008103e', 'LO'),
      modality: /^[A-Z]{2,16}$/.exec(dataset.text('x00080060') ?? '')?.[0] ?? '',
    },
    image: {
      uid: uid(dataset, 'x00080018', file),
      number: whole(dataset.decimal('x00200013')),
      view: /^[A-Z]{2,16}$/.exec(dataset.text('x00185101') ?? '')?.[0] ?? null,
      laterality: laterality(dataset.text('x00200062') ?? dataset.text('x00200060')),
      date: date(dataset.text('x00080022') ?? dataset.text('x00080023')),
      time: time(dataset.text('x00080032') ?? dataset.text('x00080033')),
      rows: dataset.unsigned('x00280010') ?? 0,
      columns: dataset.unsigned('x00280011') ?? 0,
      orientation: orientation(dataset.texts('x00200020')),
      spacing: spacing(dataset),
      burnedIn: ({ YES: true, NO: false } as const)[dataset.text('x00280301') ?? ''] ?? null,
      lossy: dataset.text('x00282110') === '01' ? { ratio: positive(dataset.decimal('x00282112')) } : null,
    },
  };
}

/** Text in the file's own character sets (PS3.3 C.12.1.1.2), as one line of bounded length. */
function textReader(dataset: Dataset): (tag: string, vr: string) => string | null {
  const sets = dataset.texts('x00080005').join('\\');
  return (tag, vr) => {
    const bytes = dataset.raw(tag);
    if (bytes === null) return null;
    let decoded: string;
    try {
      decoded = convertBytes(sets, bytes, { vr });
    } catch {
      // A character set that does not exist: what is ASCII in it can still be read.
      decoded = latin1(bytes, 0, bytes.length).replace(/[^\x20-\x7e]/g, '\ufffd');
    }
    const first = vr === 'PN' || vr === 'LO' || vr === 'SH' ? decoded.split('\\', 1)[0]! : decoded;
    return first.replace(unprintable, ' ').trim().slice(0, longestShown) || null;
  };
}

/** The first filled component group (PS3.5 6.2.1): `Family^Given^Middle^Prefix^Suffix` → `Family, Given Middle`. */
export function personName(value: string | null): string | null {
  const group = value?.split('=').find((candidate) => candidate.replaceAll('^', '').trim() !== '');
  if (group === undefined) return null;
  const [family = '', given = '', middle = ''] = group.split('^').map((part) => part.trim());
  const rest = [given, middle].filter((part) => part !== '').join(' ');
  return [family, rest].filter((part) => part !== '').join(', ') || null;
}

/** `YYYYMMDD`, or `YYYY.MM.DD` of files older than 1993, as ISO 8601. */
export function date(value: string | null): string | null {
  const [, year, month, day] = /^(\d{4})\.?(\d{2})\.?(\d{2})$/.exec(value ?? '') ?? [];
  if (year === undefined) return null;
  return Number(month) >= 1 && Number(month) <= 12 && Number(day) >= 1 && Number(day) <= 31
    ? `${year}-${month}-${day}`
    : null;
}

/** `HHMMSS.FFFFFF`, with its end left out at will. */
export function time(value: string | null): string | null {
  const [, hours, minutes = '00', seconds = '00'] =
    /^(\d{2}):?(\d{2})?:?(\d{2})?(?:\.\d{1,6})?$/.exec(value ?? '') ?? [];
  if (hours === undefined || Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 60) return null;
  return `${hours}:${minutes}:${seconds}`;
}

/** A UID; files that have none are told apart by their content. */
function uid(dataset: Dataset, tag: string, file: Uint8Array): string {
  const value = dataset.text(tag);
  if (value !== null && /^[0-9.]{1,64}$/.test(value)) return value;
  return `none-${createHash('sha256').update(file).digest('hex').slice(0, 32)}`;
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

/**
 * Spacing of a projection (PS3.3 10.7.1, C.8.11.4): Pixel Spacing speaks of the anatomy only where it says so or
 * differs from the detector's.
 */
function spacing(dataset: Dataset): PixelSpacing | null {
  const detector = pair(dataset, 'x00181164');
  const stated = pair(dataset, 'x00280030');
  if (stated !== null) {
    const type = dataset.text('x00280a02');
    if (type === 'GEOMETRY' || type === 'FIDUCIAL') return { ...stated, plane: 'calibrated' };
    const differs = detector !== null && (detector.row !== stated.row || detector.column !== stated.column);
    if (differs) return { ...stated, plane: 'calibrated' };
  }
  if (detector !== null) {
    const magnification = positive(dataset.decimal('x00181114'));
    if (magnification === null || magnification < 1) return { ...detector, plane: 'detector' };
    return { row: detector.row / magnification, column: detector.column / magnification, plane: 'corrected' };
  }
  const film = pair(dataset, 'x00182010');
  if (stated !== null) return { ...stated, plane: 'unstated' };
  return film === null ? null : { ...film, plane: 'film' };
}

function pair(dataset: Dataset, tag: string): { row: number; column: number } | null {
  const [row, column] = dataset.decimals(tag).map(positive);
  return row != null && column != null ? { row, column } : null;
}

/** Modalities whose images are radiographs: everything else is left to other viewers. */
const radiographs = new Set(['CR', 'DX', 'RF', 'XA', 'RG', 'PX', 'IO', 'MG', 'OT', 'SC', 'XC', 'HC', '']);

/** @throws CxrError 'dicom-not-radiograph'. */
export function checkRadiograph({ series }: ImageHeader): void {
  if (!radiographs.has(series.modality))
    throw new CxrError('dicom-not-radiograph', { modality: series.modality });
}
