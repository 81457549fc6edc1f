import { z } from 'zod';
import type { CodedError } from '../errors.ts';
import { type AuditEvent, type Destination, destinations } from './audit.ts';
import { archiveForms, type ExportForm, exportForms } from './export.ts';

/**
 * What a person asks for who has a result leave. Whoever passes the request on asks for the folder with the system's dialog.
 * `filmsChecked` is true when the person has looked at the film and says that nothing in it names anybody.
 */
export const exportRequestSchema = z
  .object({
    studyId: z.uuid(),
    forms: z.array(z.enum(exportForms)).min(1).max(exportForms.length),
    to: z.enum(destinations),
    anonymous: z.object({ dates: z.enum(['removed', 'shifted']), filmsChecked: z.boolean() }).nullable(),
  })
  .refine(
    ({ to, forms, anonymous }) =>
      to === 'folder' ||
      (anonymous === null && forms.every((form) => (archiveForms as readonly string[]).includes(form))),
    { error: 'an archive takes named DICOM objects only' },
  )
  .refine(({ forms, anonymous }) => anonymous !== null || !forms.includes('film'), {
    error: 'a copy of the film is made without identity only',
  });
export type ExportRequest = z.infer<typeof exportRequestSchema>;

/**
 * What became of an export of a study's result. `waiting`: the archive did not take it yet, and is asked again by itself.
 * `failed`: it will not leave, and `error` says why.
 */
export type StudyExport = {
  /** A UUID. */
  readonly id: string;
  readonly to: Destination;
  readonly forms: readonly ExportForm[];
  readonly deidentified: boolean;
  readonly by: Extract<AuditEvent, { kind: 'export' }>['by'];
  /** When it was asked for, ISO 8601. */
  readonly at: string;
  readonly state: 'waiting' | 'left' | 'failed';
  readonly error: CodedError | null;
};
