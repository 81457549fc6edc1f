import { CxrError } from '../../../contract/errors.ts';
import type { FilmNames } from '../../../contract/exchange/export.ts';
import type { Dataset } from '../../dataset/dataset.ts';
import type { Item } from '../../dataset/write/dictionary.ts';
import type { Instance } from '../../dataset/write/write-file.ts';
import { deidentifiedBy } from '../modules.ts';
import { movedBack } from './disguise.ts';
import { keptCodes, keptImageType, keptTables, keptTexts } from './kept-elements.ts';

/** The pixels of a film as codes: the stored bits of each, read as an unsigned number, row by row. */
export type FilmPixels = {
  readonly rows: number;
  readonly columns: number;
  readonly codes: Uint16Array;
  readonly bitsStored: number;
  readonly signed: boolean;
};

/**
 * Copies a film without identity (PS3.15 Basic Application Level Confidentiality Profile). The copy is written anew: of the
 * elements only those that are known to be harmless, and the pixels uncompressed, value for value. What hides in unused bits, in
 * comments of a code stream, in overlays or behind the end of the data is therefore not in it. It shows the same grey levels.
 *
 * @param names  what stands for the film's own names and dates.
 * @throws CxrError 'dicom-unwritable' for a film that does not say what kind of object it is.
 */
export function deidentifiedFilm(dataset: Dataset, pixels: FilmPixels, names: FilmNames): Instance {
  const sopClass = dataset.text('x00080016');
  if (sopClass === null || !/^[0-9.]{1,64}$/.test(sopClass))
    throw new CxrError('dicom-unwritable', { tag: '00080016', reason: 'absent' });
  return {
    PatientOrientation: null,
    ...keptTexts(dataset),
    ...keptImageType(dataset),
    ...keptCodes('ViewCodeSequence', dataset),
    ...keptCodes('AnatomicRegionSequence', dataset),
    ...keptTables('ModalityLUTSequence', dataset),
    ...keptTables('VOILUTSequence', dataset),
    ...shutterGrey(dataset),
    ...padding(dataset, pixels.signed),
    ...nobody(dataset, names),
    ...deidentifiedBy({ dates: names.daysBack === null ? 'removed' : 'shifted' }, []),
    ...pixelData(pixels),
    SOPClassUID: sopClass,
    SOPInstanceUID: names.image,
    StudyInstanceUID: names.study,
    SeriesInstanceUID: names.series,
    // Whoever exports it has looked at it, or its device draws no names.
    BurnedInAnnotation: 'NO',
  };
}

/** Elements that have to be there, without a value; dates are moved where they are kept. */
function nobody(dataset: Dataset, { daysBack }: FilmNames): Item {
  const moved = (tag: string) =>
    daysBack === null ? null : movedBack((dataset.text(tag) ?? '').replaceAll('.', ''), daysBack);
  return {
    ...{ PatientName: null, PatientID: null, PatientBirthDate: null, PatientSex: null },
    ...{ StudyID: null, AccessionNumber: null, ReferringPhysicianName: null, StudyTime: null },
    StudyDate: moved('x00080020'),
    ...(daysBack === null
      ? {}
      : {
          SeriesDate: moved('x00080021'),
          AcquisitionDate: moved('x00080022'),
          ContentDate: moved('x00080023'),
        }),
    SeriesNumber: null,
    InstanceNumber: null,
  };
}

function shutterGrey(dataset: Dataset): Item {
  const grey = dataset.unsigned('x00181622');
  return grey === null ? {} : { ShutterPresentationValue: grey };
}

function padding(dataset: Dataset, signed: boolean): Item {
  const [value, limit] = ['x00280120', 'x00280121'].map((tag) =>
    signed ? dataset.signed(tag) : dataset.unsigned(tag),
  );
  if (value == null) return {};
  const range = limit ?? undefined;
  return signed
    ? { SignedPixelPaddingValue: value, SignedPixelPaddingRangeLimit: range }
    : { PixelPaddingValue: value, PixelPaddingRangeLimit: range };
}

/** Cells of 8 or 16 bits without anything in the bits above the value but its sign. */
function pixelData({ rows, columns, codes, bitsStored, signed }: FilmPixels): Item {
  const isWide = bitsStored > 8;
  const cells = isWide ? new Uint8Array(2 * codes.length) : new Uint8Array(codes.length);
  const view = new DataView(cells.buffer);
  const sign = signed ? 2 ** (bitsStored - 1) : Number.POSITIVE_INFINITY;
  codes.forEach((code, index) => {
    const value = code < sign ? code : code - 2 ** bitsStored;
    if (isWide) view.setInt16(2 * index, value, true);
    else view.setInt8(index, value);
  });
  return {
    SamplesPerPixel: 1,
    Rows: rows,
    Columns: columns,
    BitsAllocated: isWide ? 16 : 8,
    BitsStored: bitsStored,
    HighBit: bitsStored - 1,
    PixelRepresentation: signed ? 1 : 0,
    ...(isWide ? { PixelDataWords: cells } : { PixelData: cells }),
  };
}
