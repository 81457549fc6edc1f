import type { ArchivedStudy } from '../../contract/network/archived-study.ts';
import type { DicomJson } from '../../contract/network/dicom-json.ts';
import { isUid } from './pdu.ts';

const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Reads one data set of an answer; null where it names no study. */
export function readStudyAnswer(json: DicomJson): ArchivedStudy | null {
  const values = (tag: string): readonly unknown[] =>
    json[tag]?.Value ?? json[tag.toLowerCase()]?.Value ?? [];
  const text = (tag: string): string | null => {
    const [first] = values(tag);
    return typeof first === 'string' ? first.replace(unprintable, ' ').trim().slice(0, 128) || null : null;
  };
  const study = text('0020000D');
  if (study === null || !isUid(study)) return null;
  const [, year, month, day] = /^(\d{4})(\d{2})(\d{2})$/.exec(text('00080020') ?? '') ?? [];
  const instances = Number(values('00201208')[0] ?? Number.NaN);
  return {
    study,
    date: year === undefined ? null : `${year}-${month}-${day}`,
    description: text('00081030'),
    accession: text('00080050'),
    patientId: text('00100020'),
    modalities: values('00080061').filter(
      (one): one is string => typeof one === 'string' && /^[A-Z]{1,16}$/.test(one),
    ),
    instances: Number.isSafeInteger(instances) && instances >= 0 ? instances : null,
  };
}
