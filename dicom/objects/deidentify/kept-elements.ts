import type { Dataset } from '../../dataset/dataset.ts';
import { dictionary, type Item, type Keyword } from '../../dataset/write/dictionary.ts';
import { fits } from '../../dataset/write/write-value.ts';

/**
 * The elements that an anonymous copy of a film keeps, each with what its values must look like. They are numbers, or terms of
 * closed lists, that pixels cannot be shown without or that say how the film was taken. Table E.1-1 of PS3.15 names what has to
 * go; whatever is not in this list goes as well, because nobody knows it to be harmless: other texts, private elements,
 * overlays, curves and what a later edition of the standard adds.
 */
const number = /^[+-]?[\d.]+([eE][+-]?\d+)?$/;
const term = /^[A-Z0-9_ ]{1,16}$/;
const kept = {
  Modality: /^(CR|DX|RF|XA|RG|PX|IO|MG|OT|SC|XC|HC)$/,
  ConversionType: /^(DV|DI|DF|WSD|SD|SI|DRW|SYN)$/,
  PresentationIntentType: /^FOR (PRESENTATION|PROCESSING)$/,
  BodyPartExamined: /^(CHEST|THORAX|LUNG|RIB|HEART|CHESTABDOMEN)$/,
  ViewPosition: /^(PA|AP|LL|RL|RLD|LLD|RLO|LLO|LAT|LATERAL)$/,
  PatientOrientation: /^[ALRPHF]{1,3}$/,
  Laterality: /^[LRBU]$/,
  ImageLaterality: /^[LRBU]$/,
  PhotometricInterpretation: /^MONOCHROME[12]$/,
  PresentationLUTShape: /^(IDENTITY|INVERSE)$/,
  PixelIntensityRelationship: /^(LIN|LOG|DISP)$/,
  VOILUTFunction: /^(LINEAR|LINEAR_EXACT|SIGMOID)$/,
  RescaleType: /^[A-Z]{2,4}$/,
  LossyImageCompression: /^0[01]$/,
  LossyImageCompressionMethod: /^ISO_[0-9_]{1,12}$/,
  PixelSpacingCalibrationType: /^(GEOMETRY|FIDUCIAL)$/,
  ShutterShape: /^(RECTANGULAR|CIRCULAR|POLYGONAL|BITMAP)$/,
  ShutterLeftVerticalEdge: number,
  ShutterRightVerticalEdge: number,
  ShutterUpperHorizontalEdge: number,
  ShutterLowerHorizontalEdge: number,
  CenterOfCircularShutter: number,
  RadiusOfCircularShutter: number,
  VerticesOfThePolygonalShutter: number,
  DistanceSourceToDetector: number,
  DistanceSourceToPatient: number,
  EstimatedRadiographicMagnificationFactor: number,
  ImagerPixelSpacing: number,
  PixelSpacing: number,
  PixelAspectRatio: number,
  WindowCenter: number,
  WindowWidth: number,
  RescaleIntercept: number,
  RescaleSlope: number,
  LossyImageCompressionRatio: number,
} as const satisfies Partial<Record<Keyword, RegExp>>;

/** Elements that are kept whatever their value is, because their value cannot be a text. */
const keptOtherwise = [
  ...['SOPClassUID', 'ShutterPresentationValue', 'ImageType', 'ViewCodeSequence', 'AnatomicRegionSequence'],
  ...['ModalityLUTSequence', 'VOILUTSequence', 'LUTDescriptor', 'LUTData', 'ModalityLUTType'],
  ...['CodeValue', 'CodingSchemeDesignator', 'CodeMeaning', 'PixelPaddingValue', 'PixelPaddingRangeLimit'],
  ...['SamplesPerPixel', 'Rows', 'Columns', 'BitsAllocated', 'BitsStored', 'HighBit', 'PixelRepresentation'],
] as const satisfies readonly Keyword[];

/** Every element whose value comes from the film, for whoever compares it with the table of the standard. */
export const keptKeywords: readonly Keyword[] = [...(Object.keys(kept) as Keyword[]), ...keptOtherwise];

/** Reads the elements of the list that are texts. One with a value that does not look like it should is left out whole. */
export function keptTexts(dataset: Dataset): Item {
  const found = Object.entries(kept).flatMap(([keyword, form]) => {
    const [tag] = dictionary[keyword as Keyword];
    const values = dataset.texts(`x${tag}`).map(asPoint);
    const isSound =
      values.length > 0 && values.every((value) => form.test(value) && fits(keyword as Keyword, value));
    return isSound ? [[keyword, values] as const] : [];
  });
  return Object.fromEntries(found) as Item;
}

/** Some writers put their country's comma into a decimal number, which the standard does not know. */
const asPoint = (value: string): string => (/^[+-]?\d+,\d+$/.test(value) ? value.replace(',', '.') : value);

/** The first two values of Image Type are terms of the standard; further ones are the maker's own (PS3.3 C.7.6.1.1.2). */
export const keptImageType = (dataset: Dataset): Item => {
  const values = dataset.texts('x00080008').slice(0, 2);
  return values.length === 2 && values.every((value) => /^(ORIGINAL|DERIVED|PRIMARY|SECONDARY)$/.test(value))
    ? { ImageType: values }
    : {};
};

const schemes = /^(SCT|SRT|SNM3|99SDM|DCM)$/;

/** Reads the codes of a sequence. Their meaning in words is anybody's text, so that the code itself stands there. */
export function keptCodes(keyword: 'ViewCodeSequence' | 'AnatomicRegionSequence', dataset: Dataset): Item {
  const codes = dataset.items(`x${dictionary[keyword][0]}`).flatMap((item): Item[] => {
    const [value, scheme] = [item.text('x00080100') ?? '', item.text('x00080102') ?? ''];
    if (!schemes.test(scheme) || !/^[A-Z0-9-]{1,16}$/.test(value)) return [];
    return [{ CodeValue: value, CodingSchemeDesignator: scheme, CodeMeaning: value }];
  });
  return codes.length === 0 ? {} : { [keyword]: codes };
}

const descriptorBytes = 6;
const mostEntries = 65_536;

/** Reads the tables of a sequence: as many entries as a table says it has, and nothing behind them. */
export function keptTables(keyword: 'ModalityLUTSequence' | 'VOILUTSequence', dataset: Dataset): Item {
  const tables = dataset.items(`x${dictionary[keyword][0]}`).flatMap((item): Item[] => {
    const [descriptor, data] = [item.words('x00283002'), item.words('x00283006')];
    if (descriptor?.length !== descriptorBytes || data === null) return [];
    const view = new DataView(descriptor.buffer, descriptor.byteOffset, descriptorBytes);
    const words = [0, 2, 4].map((at) => view.getUint16(at, true));
    const type = item.text('x00283004');
    return [
      {
        LUTDescriptor: words,
        LUTData: data.slice(0, 2 * (words[0] || mostEntries)),
        ...(keyword === 'ModalityLUTSequence'
          ? { ModalityLUTType: term.test(type ?? '') ? type : 'US' }
          : {}),
      },
    ];
  });
  return tables.length === 0 ? {} : { [keyword]: tables };
}
