import type { Item } from '../dataset/write/dictionary.ts';
import type { Instance } from '../dataset/write/write-file.ts';
import { coded, concepts, ownSchemeItem } from './coding.ts';
import { reference } from './content-items.ts';
import { measurementReport } from './measurement-report.ts';
import { deidentification, equipment, madeAt, patientAndStudy } from './modules.ts';
import { namesOf, ownUids, type Report } from './report.ts';

/** Comprehensive SR: what archives and viewers of radiology read as a measurement report. */
export const comprehensiveSr = '1.2.840.10008.5.1.4.1.1.88.33';
/** A number that stands apart from those of the modality, which count from 1. */
const seriesNumber = '9201';

/**
 * Makes a DICOM structured report of a result, in the study of its image (PS3.3 A.35.3). A report lists every finding with score,
 * thresholds and verdict, and says of the others that they were not assessed. It is marked as preliminary and not verified.
 *
 * @throws CxrError 'dicom-unwritable' for an image without names; `writeFile` refuses other values.
 */
export function structuredReport(report: Report): Instance {
  const uids = ownUids('sr', report);
  const { date, time } = madeAt(report);
  return {
    ...patientAndStudy(report.source),
    ...equipment(report),
    ...deidentification(report),
    ...rootContainer(report),
    SOPClassUID: comprehensiveSr,
    SOPInstanceUID: uids.instance,
    InstanceCreationDate: date,
    InstanceCreationTime: time,
    CodingSchemeIdentificationSequence: [ownSchemeItem],
    Modality: 'SR',
    SeriesInstanceUID: uids.series,
    SeriesNumber: seriesNumber,
    SeriesDate: date,
    SeriesTime: time,
    SeriesDescription: 'Cipherfilm findings, research use only',
    ReferencedPerformedProcedureStepSequence: null,
    InstanceNumber: '1',
    ContentDate: date,
    ContentTime: time,
    CompletionFlag: 'COMPLETE',
    VerificationFlag: 'UNVERIFIED',
    PreliminaryFlag: 'PRELIMINARY',
    PerformedProcedureCodeSequence: null,
    CurrentRequestedProcedureEvidenceSequence: [evidence(report)],
  };
}

/** The image that the content refers to, with series and study (PS3.3 C.17.2). Archives find it by this only. */
function evidence({ source }: Report): Item {
  const { study, series, image } = namesOf(source);
  return {
    StudyInstanceUID: study,
    ReferencedSeriesSequence: [{ SeriesInstanceUID: series, ReferencedSOPSequence: [reference(image)] }],
  };
}

const rootContainer = (report: Report): Item => ({
  ValueType: 'CONTAINER',
  ConceptNameCodeSequence: [coded(concepts.report)],
  ContinuityOfContent: 'SEPARATE',
  ContentTemplateSequence: [{ MappingResource: 'DCMR', TemplateIdentifier: '1500' }],
  ContentSequence: measurementReport(report),
});
