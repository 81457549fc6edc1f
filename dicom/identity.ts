import { createHash } from 'node:crypto';
import { convertBytes } from 'dicom-character-set';
import type { PatientIdentity, StudyIdentity } from '../contract/identity.ts';
import type { Dataset } from './dataset/dataset.ts';
import { latin1 } from './dataset/file-meta.ts';

const longestShown = 128;
/** Control characters and marks that reverse the writing direction: a name must not be able to rearrange a label. */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * Reads whom a file is about and of which examination it is part. This is the only place where patient data leaves a
 * data set. The way to the engine (read.ts, encoder-input.ts) does not pass it.
 *
 * @param file  the bytes that `dataset` was read from; a file without a Study Instance UID is named by their digest.
 */
export function readIdentity(
  dataset: Dataset,
  file: Uint8Array,
): { readonly patient: PatientIdentity; readonly study: StudyIdentity } {
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
  };
}

/**
 * Makes a function that reads a text element in the file's own character sets (PS3.3 C.12.1.1.2). It returns one line
 * without control characters, or null where there is no text. `vr` is the element's value representation, such as `PN` for a
 * person's name.
 *
 * @param use  `label` for a text that is shown: it has at most 128 characters, and none that could rearrange a label. `copy` for
 *             one that another file repeats: it keeps joiners between letters, which names in some scripts are spelt with.
 */
export function textReader(
  dataset: Dataset,
  use: 'label' | 'copy' = 'label',
): (tag: string, vr: string) => string | null {
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
    if (use === 'copy') return first.replace(/\p{Cc}/gu, ' ').trim() || null;
    return first.replace(unprintable, ' ').trim().slice(0, longestShown) || null;
  };
}

/**
 * Writes a DICOM name as people do: `Family^Given^Middle^Prefix^Suffix` becomes `Family, Given Middle`. A name may come
 * in up to three spellings, the component groups; the first that is filled is taken (PS3.5 6.2.1).
 */
export function personName(value: string | null): string | null {
  const group = value?.split('=').find((candidate) => candidate.replaceAll('^', '').trim() !== '');
  if (group === undefined) return null;
  const [family = '', given = '', middle = ''] = group.split('^').map((part) => part.trim());
  const rest = [given, middle].filter((part) => part !== '').join(' ');
  return [family, rest].filter((part) => part !== '').join(', ') || null;
}

/**
 * Turns a DICOM date, `YYYYMMDD` or the `YYYY.MM.DD` of files older than 1993, into ISO 8601; null for anything else.
 */
export function date(value: string | null): string | null {
  const [, year, month, day] = /^(\d{4})\.?(\d{2})\.?(\d{2})$/.exec(value ?? '') ?? [];
  if (year === undefined) return null;
  return Number(month) >= 1 && Number(month) <= 12 && Number(day) >= 1 && Number(day) <= 31
    ? `${year}-${month}-${day}`
    : null;
}

/**
 * Turns a DICOM time, `HHMMSS.FFFFFF` or a beginning of it, into `HH:MM:SS`; null for anything else (PS3.5 6.2, TM).
 */
export function time(value: string | null): string | null {
  const [, hours, minutes = '00', seconds = '00'] =
    /^(\d{2}):?(\d{2})?:?(\d{2})?(?:\.\d{1,6})?$/.exec(value ?? '') ?? [];
  if (hours === undefined || Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 60) return null;
  return `${hours}:${minutes}:${seconds}`;
}

/**
 * Reads a UID, DICOM's worldwide name of a study, series or image. A file that has none gets a name made of its
 * content's digest, so that two such files are told apart.
 */
export function uid(dataset: Dataset, tag: string, file: Uint8Array): string {
  const value = dataset.text(tag);
  if (value !== null && /^[0-9.]{1,64}$/.test(value)) return value;
  return `none-${createHash('sha256').update(file).digest('hex').slice(0, 32)}`;
}
