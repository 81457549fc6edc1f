import { CxrError } from '../../../contract/errors.ts';
import type { WebArchive } from '../../../contract/network/archive.ts';
import type { ArchivedStudy } from '../../../contract/network/archived-study.ts';
import { dicomJsonListSchema } from '../../../contract/network/dicom-json.ts';
import { readStudyAnswer } from '../../../dicom/network/study-answer.ts';
import { ask, readJson } from './archive.ts';

/** An answer with a thousand studies has about 2 MB. */
const mostAnswerBytes = 32 * 1024 * 1024;
const mostStudies = 1000;
/** Number of instances, description, modalities, accession number. */
const wanted = ['00201208', '00081030', '00080061', '00080050'];

/**
 * Asks an archive for the studies of a patient by QIDO-RS (PS3.18 10.6).
 *
 * @param patientId  the whole ID, as it is. What an archive finds for a part of it, or for a pattern, is left out.
 * @returns          the newest first.
 * @throws           CxrError as `ask`, 'network-malformed', 'network-too-large', 'request-invalid' for no ID.
 */
export async function findStudies(
  archive: WebArchive,
  patientId: string,
  signal?: AbortSignal,
): Promise<readonly ArchivedStudy[]> {
  // A star would find everybody.
  if (!/^[^*?\\\p{Cc}]{1,64}$/u.test(patientId.trim()))
    throw new CxrError('request-invalid', { field: 'patientId' });
  const query = new URLSearchParams([
    ['PatientID', patientId.trim()],
    ...wanted.map((tag) => ['includefield', tag]),
    ['limit', String(mostStudies)],
  ] as [string, string][]);
  const path = `/studies?${query.toString().replaceAll('+', '%20')}`;
  const headers = { accept: 'application/dicom+json' };
  return ask(archive, { method: 'GET', path, headers, signal }, [200, 204], async (answer) => {
    if (answer.status === 204) return [];
    const parsed = dicomJsonListSchema.safeParse(await readJson(answer, mostAnswerBytes));
    if (!parsed.success)
      throw new CxrError('network-malformed', { part: 'answer', reason: 'not DICOM JSON' });
    return parsed.data
      .map(readStudyAnswer)
      .filter((study) => study !== null)
      .filter((study) => study.patientId === patientId.trim())
      .toSorted((a, b) => (b.date ?? '').localeCompare(a.date ?? ''));
  });
}
