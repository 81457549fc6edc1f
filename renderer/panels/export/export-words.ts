import type { Destination } from '../../../contract/exchange/audit.ts';
import type { ExportForm } from '../../../contract/exchange/export.ts';
import type { StudyExport } from '../../../contract/exchange/export-request.ts';
import { dayInWords } from '../../../contract/words/day.ts';
import { errorTextOf } from '../../../contract/words/error-reason.ts';

/** A form of a result: its name, and what it is for. */
export const formWords: Readonly<Record<ExportForm, readonly [name: string, why: string]>> = {
  sr: [
    'DICOM report (SR)',
    'Findings with scores, thresholds and verdicts, for archives and reporting systems.',
  ],
  sc: [
    'DICOM picture (SC)',
    'The film with the findings beside it, for any viewer; the line on research use is part of the picture.',
  ],
  pdf: ['PDF', 'A page to read or print.'],
  csv: ['CSV table', 'A row for each finding, for spreadsheets. It names no patient.'],
  json: ['JSON table', 'The same for programs.'],
  film: ['Film without identity', 'A DICOM copy of the film that belongs to an anonymous report.'],
};

const places: Readonly<Record<Destination, string>> = {
  folder: 'a folder',
  archive: 'the archive',
  'web archive': 'the DICOMweb archive',
};

/** What became of an export, in one sentence. */
export function exportInWords({ to, forms, by, at, state, error, deidentified }: StudyExport): string {
  const what = `${forms.map((form) => formWords[form][0]).join(', ')}${deidentified ? ' (without identity)' : ''}`;
  const who = by === 'person' ? '' : ', by a rule of your organisation';
  const when = `${dayInWords(at.slice(0, 10))}, ${new Date(at).toTimeString().slice(0, 5)}`;
  const why = error === null ? '' : ` ${errorTextOf(error).title}`;
  switch (state) {
    case 'left':
      return to === 'folder'
        ? `${what}: saved in ${places[to]} (${when}${who}).`
        : `${what}: in ${places[to]} (${when}${who}).`;
    case 'waiting':
      return `${what}: on the way to ${places[to]} (${when}${who}).${why}${error === null ? '' : ' It is tried again by itself.'}`;
    case 'failed':
      return `${what}: did not reach ${places[to]} (${when}${who}).${why}`;
  }
}
