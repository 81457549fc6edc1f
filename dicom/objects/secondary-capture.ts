import { ownPictureSeries, researchUse } from '../../contract/words/finding-words.ts';
import type { Item } from '../dataset/write/dictionary.ts';
import type { Instance } from '../dataset/write/write-file.ts';
import { coded, concepts } from './coding.ts';
import { reference } from './content-items.ts';
import { deidentification, equipment, madeAt, patientAndStudy } from './modules.ts';
import type { Picture } from './picture/canvas.ts';
import { findingsPicture } from './picture/findings-picture.ts';
import { namesOf, ownUids, type Report } from './report.ts';

/** Secondary Capture Image Storage, which every archive takes. */
export const secondaryCaptureImage = '1.2.840.10008.5.1.4.1.1.7';
const seriesNumber = '9202';

/**
 * Makes a picture of a result as a DICOM image, in the study of the film and in a series of its own (PS3.3 A.8.1). It shows the
 * film reduced, the findings beside it in words, and across both that it is for research use only.
 *
 * It has no pixel spacing: nobody is to measure on a reduced film. The window covers all grey levels, so that viewers do not
 * choose one of their own that makes the text vanish.
 *
 * @param film  the film under its first grayscale, reduced, with square pixels.
 * @throws CxrError 'dicom-unwritable' for an image without names; `writeFile` refuses other values.
 */
export function secondaryCapture(report: Report, film: Picture): Instance {
  const uids = ownUids('sc', report);
  const { date, time } = madeAt(report);
  const picture = findingsPicture(report, film);
  return {
    ...patientAndStudy(report.source),
    ...equipment(report),
    ...deidentification(report),
    ...derivation(report),
    ...pixels(picture),
    SOPClassUID: secondaryCaptureImage,
    SOPInstanceUID: uids.instance,
    InstanceCreationDate: date,
    InstanceCreationTime: time,
    Modality: 'OT',
    BodyPartExamined: 'CHEST',
    ConversionType: 'WSD',
    SecondaryCaptureDeviceManufacturer: 'Cipherfilm',
    SecondaryCaptureDeviceManufacturerModelName: report.result.bundle.name,
    SecondaryCaptureDeviceSoftwareVersions: report.version,
    DateOfSecondaryCapture: date,
    TimeOfSecondaryCapture: time,
    SeriesInstanceUID: uids.series,
    SeriesNumber: seriesNumber,
    SeriesDate: date,
    SeriesTime: time,
    SeriesDescription: ownPictureSeries,
    InstanceNumber: '1',
    ContentDate: date,
    ContentTime: time,
    ImageComments: researchUse,
    // Whoever made it anonymous has looked at the film, and what is drawn here names nobody.
    BurnedInAnnotation: report.deidentified === null ? 'YES' : 'NO',
  };
}

/** How the picture was made, and of which film (PS3.3 C.7.6.1.1.3). What was compressed with loss once stays so. */
function derivation({ source }: Report): Item {
  const { orientation, lossy } = source.image;
  return {
    ImageType: ['DERIVED', 'SECONDARY'],
    PatientOrientation: orientation.length === 2 ? orientation : null,
    DerivationDescription: 'Film reduced, with findings of a model in words',
    DerivationCodeSequence: [coded(concepts.resampling)],
    SourceImageSequence: [
      { ...reference(namesOf(source).image), PurposeOfReferenceCodeSequence: [coded(concepts.sourceImage)] },
    ],
    ...(lossy === null
      ? { LossyImageCompression: '00' }
      : {
          LossyImageCompression: '01',
          ...(lossy.ratios.length === 0 ? {} : { LossyImageCompressionRatio: lossy.ratios }),
          ...(lossy.methods.length === 0 ? {} : { LossyImageCompressionMethod: lossy.methods }),
        }),
  };
}

const pixels = ({ rows, columns, pixels: PixelData }: Picture): Item => ({
  SamplesPerPixel: 1,
  PhotometricInterpretation: 'MONOCHROME2',
  Rows: rows,
  Columns: columns,
  BitsAllocated: 8,
  BitsStored: 8,
  HighBit: 7,
  PixelRepresentation: 0,
  // LINEAR from 0.5 to 255.5 (PS3.3 C.11.2.1.2.1): every level is itself.
  WindowCenter: '128',
  WindowWidth: '256',
  PixelData,
});
