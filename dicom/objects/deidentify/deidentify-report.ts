import { CxrError } from '../../../contract/errors.ts';
import type { FilmNames } from '../../../contract/exchange/export.ts';
import { parseDigest } from '../../../contract/ids/digest.ts';
import { parseJobId } from '../../../contract/ids/job-id.ts';
import { parseKeyId } from '../../../contract/ids/key-id.ts';
import type { SourceImage } from '../../../contract/image/source-image.ts';
import type { AnalysisResult } from '../../../contract/stages.ts';
import { namesOf, type Report } from '../report.ts';
import { type Disguise, movedBack } from './disguise.ts';

/** What stands where DICOM wants a date and there may be none: PS3.15 calls it a dummy value. */
const noDate = new Date(2000, 0, 1);

/**
 * Takes identity out of a report before anything is made of it (PS3.15 Basic Application Level Confidentiality Profile). Objects
 * that are made of the result therefore never had it.
 *
 * Where dates are moved, times are left out all the same: the hour of an examination can be known.
 *
 * Names of jobs, keys and questions are replaced as well. An evaluator knows them, and could otherwise join a report that was
 * passed on with the ciphertext that it computed on.
 */
export function deidentifyReport(report: Report, by: Disguise): Report {
  const { source, result, at } = report;
  const days = daysBackOf(source, by);
  return {
    ...report,
    source: deidentifySource(source, by, days),
    result: renamed(result, by),
    at: days === null ? noDate : new Date(at.getFullYear(), at.getMonth(), at.getDate() - days),
    deidentified: by.how,
  };
}

/** How far the dates of an image's patient are moved back; null where dates are removed. */
function daysBackOf({ patient, study }: SourceImage, by: Disguise): number | null {
  return by.how.dates === 'shifted' ? by.daysBack(patient.id ?? patient.name ?? study.uid ?? '') : null;
}

/**
 * What stands for the names of an image in an anonymous copy of it: the same as in anonymous reports, which refer to the copy.
 *
 * @throws CxrError 'dicom-unwritable' for an image without names.
 */
export function filmNames(source: SourceImage, by: Disguise): FilmNames {
  const { study, series, image } = namesOf(source);
  return {
    study: by.uid(study),
    series: by.uid(series),
    image: by.uid(image.uid),
    daysBack: daysBackOf(source, by),
  };
}

function deidentifySource({ study, image }: SourceImage, by: Disguise, days: number | null): SourceImage {
  const uid = (value: string | null) => (value === null ? null : by.uid(value));
  return {
    patient: { name: null, id: null, issuer: null, birthDate: null, sex: null, age: null },
    study: {
      uid: uid(study.uid),
      date: study.date === null || days === null ? null : movedBack(study.date, days),
      ...{ time: null, accession: null, id: null, description: null, referringPhysician: null },
    },
    image: { ...image, seriesUid: uid(image.seriesUid), uid: uid(image.uid) },
  };
}

const renamed = (result: AnalysisResult, { digits }: Disguise): AnalysisResult => ({
  ...result,
  jobId: parseJobId(digits(`job ${result.jobId}`, 32)),
  keyId: parseKeyId(digits(`key ${result.keyId}`, 64)),
  digests: {
    sent: parseDigest(digits(`question ${result.digests.sent}`, 64)),
    received: parseDigest(digits(`answer ${result.digests.received}`, 64)),
  },
});

/** Images of digital X-ray devices, which draw no names into pixels: Computed Radiography, Digital X-Ray for presentation. */
const fromDevice: ReadonlySet<string | null> = new Set([
  '1.2.840.10008.5.1.4.1.1.1',
  '1.2.840.10008.5.1.4.1.1.1.1',
]);

/**
 * Refuses to show a film as anonymous whose pixels may name its patient. A person who has looked at it may overrule this.
 *
 * @throws CxrError 'deidentify-burned-in'.
 */
export function checkBurnedIn({ image }: Pick<SourceImage, 'image'>): void {
  if (image.burnedIn === true) throw new CxrError('deidentify-burned-in', { reason: 'stated' });
  if (image.burnedIn === null && !fromDevice.has(image.sopClass))
    throw new CxrError('deidentify-burned-in', { reason: 'not excluded' });
}
