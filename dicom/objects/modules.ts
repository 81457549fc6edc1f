import type { SourceImage } from '../../contract/image/source-image.ts';
import type { Item, Keyword } from '../dataset/write/dictionary.ts';
import { fits } from '../dataset/write/write-value.ts';
import { type Code, coded, concepts } from './coding.ts';
import type { Deidentified, Report } from './report.ts';

const manufacturer = 'Cipherfilm';

/** Text that an archive can do without: it is left empty where the file's own breaks the rules of its element. */
const ifFit = (keyword: Keyword, value: string | null): string | null =>
  value !== null && fits(keyword, value) ? value : null;

/**
 * The modules about patient and study (PS3.3 C.7.1.1, C.7.2.1), which are the image's own. What identifies patient and study
 * is repeated exactly; the rest where it fits.
 */
export function patientAndStudy({ patient, study }: SourceImage): Item {
  return {
    PatientName: patient.name,
    PatientID: patient.id,
    ...(patient.issuer === null ? {} : { IssuerOfPatientID: patient.issuer }),
    PatientBirthDate: patient.birthDate,
    PatientSex: patient.sex,
    StudyInstanceUID: study.uid,
    StudyDate: study.date,
    StudyTime: study.time,
    StudyID: ifFit('StudyID', study.id),
    AccessionNumber: ifFit('AccessionNumber', study.accession),
    ReferringPhysicianName: ifFit('ReferringPhysicianName', study.referringPhysician),
    StudyDescription: ifFit('StudyDescription', study.description) ?? undefined,
  };
}

/** The modules about what made an object (PS3.3 C.7.5.1, C.12.1): the program, and in it the model. */
export function equipment({ result, version }: Report): Item {
  return {
    Manufacturer: manufacturer,
    ManufacturerModelName: result.bundle.name,
    SoftwareVersions: version,
    ContributingEquipmentSequence: [
      {
        PurposeOfReferenceCodeSequence: [coded(concepts.processingEquipment)],
        Manufacturer: manufacturer,
        ManufacturerModelName: result.bundle.name,
        SoftwareVersions: [version, result.bundle.id],
      },
    ],
  };
}

/** The elements that say when an object was made, in the workstation's time. */
export function madeAt({ at }: Report): { readonly date: string; readonly time: string } {
  const two = (value: number) => String(value).padStart(2, '0');
  return {
    date: `${at.getFullYear()}${two(at.getMonth() + 1)}${two(at.getDate())}`,
    time: `${two(at.getHours())}${two(at.getMinutes())}${two(at.getSeconds())}`,
  };
}

/** What a report says of how it was made anonymous; nothing for one that names its patient. */
export const deidentification = ({ deidentified }: Report): Item =>
  deidentified === null ? {} : deidentifiedBy(deidentified, [cleanContent]);

const cleanContent: Code = ['113104', 'DCM', 'Clean Structured Content Option'];

/**
 * What an anonymous object says of how it was made so (PS3.15 E.1.1, PS3.3 C.12.1).
 *
 * @param options  the options of the profile that were applied beside those about dates.
 */
export function deidentifiedBy(deidentified: Deidentified, options: readonly Code[]): Item {
  const isShifted = deidentified.dates === 'shifted';
  const methods: readonly Code[] = [
    ['113100', 'DCM', 'Basic Application Confidentiality Profile'],
    ...options,
    ...(isShifted
      ? [['113107', 'DCM', 'Retain Longitudinal Temporal Information Modified Dates Option'] as const]
      : []),
  ];
  return {
    PatientIdentityRemoved: 'YES',
    DeidentificationMethod: 'PS3.15 Basic Application Level Confidentiality Profile',
    DeidentificationMethodCodeSequence: methods.map(coded),
    LongitudinalTemporalInformationModified: isShifted ? 'MODIFIED' : 'REMOVED',
  };
}
