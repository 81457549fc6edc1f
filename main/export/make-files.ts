import type { ExportForm } from '../../contract/exchange/export.ts';
import { writeFile } from '../../dicom/dataset/write/write-file.ts';
import type { Picture } from '../../dicom/objects/picture/canvas.ts';
import type { Report } from '../../dicom/objects/report.ts';
import { secondaryCapture } from '../../dicom/objects/secondary-capture.ts';
import { structuredReport } from '../../dicom/objects/structured-report.ts';
import { pdfReport } from './pdf-report.ts';

/** A file that is ready to be written or sent. `name` says nothing about a patient. */
export type MadeFile = { readonly form: ExportForm; readonly name: string; readonly bytes: Uint8Array };

/** The forms of which every image has a file of its own; tables hold several images. */
export type OwnForm = Exclude<ExportForm, 'csv' | 'json' | 'film'>;

/**
 * Makes the files of one result. A file has the same name and the same bytes whenever it is made of the same report, so that an
 * export that is repeated replaces its files by equal ones, and an archive keeps one copy.
 *
 * @throws CxrError 'dicom-unwritable' where the image's header does not allow a DICOM object.
 */
export async function makeFiles(
  report: Report,
  film: Picture,
  forms: readonly OwnForm[],
): Promise<MadeFile[]> {
  const made: MadeFile[] = [];
  for (const form of forms) made.push(await makeFile(form, report, film));
  return made;
}

async function makeFile(form: OwnForm, report: Report, film: Picture): Promise<MadeFile> {
  const name = (ending: string) => `cipherfilm-${report.result.jobId}-${form}.${ending}`;
  switch (form) {
    case 'sr':
      return { form, name: name('dcm'), bytes: writeFile(structuredReport(report)) };
    case 'sc':
      return { form, name: name('dcm'), bytes: writeFile(secondaryCapture(report, film)) };
    case 'pdf':
      return { form, name: name('pdf'), bytes: await pdfReport(report, film) };
  }
}
