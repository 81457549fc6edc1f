import { z } from 'zod';

/**
 * Names one analysis: one image on its way from the reader to its findings, once. The same image analysed again is
 * another analysis. (A *study* is what DICOM means by it: the images of one examination.)
 */
export type AnalysisId = string & { readonly __brand: 'AnalysisId' };

/** Reads an analysis id that came from another process. */
export const analysisIdSchema = z.uuid().transform((text) => text as AnalysisId);

/** Reads an analysis id that this program made itself. @throws TypeError for text that is not a UUID. */
export function parseAnalysisId(text: string): AnalysisId {
  if (!analysisIdSchema.safeParse(text).success) throw new TypeError('"analysis id" expected a UUID');
  return text as AnalysisId;
}
