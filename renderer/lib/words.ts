import type { PatientIdentity } from '../../contract/identity.ts';
import type { ImageRow, StudyRow, StudyState } from '../../contract/ipc/worklist.ts';
import type { StageName } from '../../contract/stages.ts';
import { percentOf } from '../../contract/words/finding-words.ts';

export { findingName } from '../../contract/words/finding-words.ts';

/** What each stage does, and whether bytes leave the machine in it. */
export const stageWords: Readonly<Record<StageName, { label: string; crosses: 'out' | 'in' | null }>> = {
  reading: { label: 'Read the DICOM file', crosses: null },
  encoding: { label: 'Encode for the model', crosses: null },
  'generating-keys': { label: 'Make keys', crosses: null },
  'uploading-keys': { label: 'Send evaluation keys', crosses: 'out' },
  encrypting: { label: 'Encrypt', crosses: null },
  sending: { label: 'Send the ciphertext', crosses: 'out' },
  queued: { label: 'Wait in the queue', crosses: null },
  evaluating: { label: 'Evaluate while encrypted', crosses: null },
  receiving: { label: 'Receive encrypted result', crosses: 'in' },
  decrypting: { label: 'Decrypt', crosses: null },
  done: { label: 'Findings ready', crosses: null },
};

/** 1234567 → "1.2 MB". */
export function bytesInWords(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const [size, unit] =
    bytes < 1e6 ? [bytes / 1e3, 'kB'] : bytes < 1e9 ? [bytes / 1e6, 'MB'] : [bytes / 1e9, 'GB'];
  return `${size < 10 ? size.toFixed(1) : Math.round(size)}\u00a0${unit}`;
}

/** 1234 → "1.2 s". */
export function timeInWords(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** A share as percent; one decimal where a whole percent would hide the difference to a threshold. */
export const percentInWords = (share: number): string => `${percentOf(share)}\u00a0%`;

/** What has become of a study. */
export const stateWords: Readonly<Record<StudyState, string>> = {
  unasked: 'Not classified: no frontal chest film',
  waiting: 'Waiting',
  working: 'In progress',
  done: 'Done',
  refused: 'Refused, nothing sent',
  failed: 'Not done',
  cancelled: 'Cancelled',
};

export const sexInWords = (sex: PatientIdentity['sex']): string => sex ?? 'not stated';

/** View, laterality and modality, as short as they go. */
export function imageTitle({ frame, series }: ImageRow): string {
  const side = frame.laterality === null || frame.laterality === 'both' ? '' : ` ${frame.laterality}`;
  return `${frame.view ?? 'view not stated'}${side} · ${series.modality || 'modality not stated'}`;
}

/** A digest as people compare it: 16 digits in groups of four. */
export const fingerprintInWords = (digest: string): string =>
  (digest.slice(0, 16).match(/.{4}/g) ?? []).join(' ');

/** How many binary digits after the point are right. */
export const bitsInWords = (difference: number): string =>
  `${Math.max(0, -Math.log2(Math.max(difference, 2 ** -40))).toFixed(1)} bits`;

/**
 * How old the patient was at the study: as the file states it, else from the dates of birth and study; in months under two
 * years and in days under a month, as DICOM writes it. Null where neither is stated.
 */
export function ageAtStudy({ patient, study }: Pick<StudyRow, 'patient' | 'study'>): string | null {
  const stated = ageInWords(patient.age);
  if (stated !== null || patient.birthDate === null || study.date === null) return stated;
  const [birth, day] = [new Date(patient.birthDate), new Date(study.date)];
  const days = (day.getTime() - birth.getTime()) / 86_400_000;
  if (!(days >= 0)) return null;
  const monthOf = (date: Date) => 12 * date.getUTCFullYear() + date.getUTCMonth();
  const months = monthOf(day) - monthOf(birth) - (day.getUTCDate() < birth.getUTCDate() ? 1 : 0);
  if (months >= 24) return `${Math.floor(months / 12)} y`;
  return months >= 1 ? `${months} m` : `${days} d`;
}

/** DICOM's age (`045Y`, `006M`) → "45 y"; another text as it is. */
export function ageInWords(age: string | null): string | null {
  const parts = /^(\d{3})([YMWD])$/.exec(age ?? '');
  return parts === null ? age : `${Number(parts[1])} ${parts[2]!.toLowerCase()}`;
}
