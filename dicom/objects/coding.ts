import type { Item } from '../dataset/write/dictionary.ts';

/** A coded concept: the code, the scheme that defines it, and its meaning in words (PS3.3 8). */
export type Code = readonly [value: string, scheme: string, meaning: string];

/** Makes the one item of a code sequence. */
export const coded = ([CodeValue, CodingSchemeDesignator, CodeMeaning]: Code): Item => ({
  CodeValue,
  CodingSchemeDesignator,
  CodeMeaning,
});

/** Names the scheme of the codes that are our own. Names that begin with 99 are private (PS3.16 8.2). */
export const ownScheme = '99CIPHERFILM';

/** What a report says once about the scheme, because no standard explains it. */
export const ownSchemeItem: Item = {
  CodingSchemeDesignator: ownScheme,
  CodingSchemeName: 'Codes of Cipherfilm for what DICOM has no code for',
  CodingSchemeResponsibleOrganization: 'Cipherfilm',
};

/**
 * SNOMED CT concepts of findings, where a data set's label surely means one. Other labels are given a code of ours with the
 * label's words, because a nearly right concept would be taken for the right one.
 */
const snomed: Readonly<Record<string, readonly [value: string, meaning: string]>> = {
  Atelectasis: ['46621007', 'Atelectasis'],
  Cardiomegaly: ['8186001', 'Cardiomegaly'],
  Effusion: ['60046008', 'Pleural effusion'],
  Infiltration: ['409609008', 'Pulmonary infiltrate'],
  Pneumonia: ['233604007', 'Pneumonia'],
  Pneumothorax: ['36118008', 'Pneumothorax'],
  Consolidation: ['95436008', 'Lung consolidation'],
  Edema: ['19242006', 'Pulmonary edema'],
  Emphysema: ['87433001', 'Pulmonary emphysema'],
  Fibrosis: ['51615001', 'Fibrosis of lung'],
};
const longestValue = 16;
const longestMeaning = 64;

/** The code of a finding. `title` is its name in words. */
export function findingCode({ name, title }: { readonly name: string; readonly title: string }): Code {
  const known = snomed[name];
  if (known !== undefined) return [known[0], 'SCT', known[1]];
  return [name.slice(0, longestValue), ownScheme, title.slice(0, longestMeaning)];
}

/** Modalities whose code is sure to be in PS3.16 CID 33; the image library is left out for others. */
export const modalityCodes: Readonly<Record<string, Code>> = {
  CR: ['CR', 'DCM', 'Computed Radiography'],
  DX: ['DX', 'DCM', 'Digital Radiography'],
};

/** Concepts of PS3.16 and others that reports are made of. */
export const concepts = {
  report: ['126000', 'DCM', 'Imaging Measurement Report'],
  language: ['121049', 'DCM', 'Language of Content Item and Descendants'],
  english: ['en', 'RFC5646', 'English'],
  observerType: ['121005', 'DCM', 'Observer Type'],
  device: ['121007', 'DCM', 'Device'],
  deviceUid: ['121012', 'DCM', 'Device Observer UID'],
  deviceName: ['121013', 'DCM', 'Device Observer Name'],
  deviceManufacturer: ['121014', 'DCM', 'Device Observer Manufacturer'],
  deviceModel: ['121015', 'DCM', 'Device Observer Model Name'],
  procedure: ['121058', 'DCM', 'Procedure reported'],
  chestRadiograph: ['399208008', 'SCT', 'Plain chest X-ray'],
  comment: ['121106', 'DCM', 'Comment'],
  imageLibrary: ['111028', 'DCM', 'Image Library'],
  imageGroup: ['126200', 'DCM', 'Image Library Group'],
  modality: ['121139', 'DCM', 'Modality'],
  targetRegion: ['123014', 'DCM', 'Target Region'],
  chest: ['51185008', 'SCT', 'Chest'],
  measurements: ['126010', 'DCM', 'Imaging Measurements'],
  measurementGroup: ['125007', 'DCM', 'Measurement Group'],
  trackingId: ['112039', 'DCM', 'Tracking Identifier'],
  trackingUid: ['112040', 'DCM', 'Tracking Unique Identifier'],
  algorithmName: ['111001', 'DCM', 'Algorithm Name'],
  algorithmParameters: ['111002', 'DCM', 'Algorithm Parameters'],
  algorithmVersion: ['111003', 'DCM', 'Algorithm Version'],
  certainty: ['111012', 'DCM', 'Certainty of Finding'],
  lowThreshold: ['LOWTHRESHOLD', ownScheme, 'Threshold below which the finding is below'],
  highThreshold: ['HIGHTHRESHOLD', ownScheme, 'Threshold from which on the finding is above'],
  percent: ['%', 'UCUM', 'Percent'],
  source: ['121112', 'DCM', 'Source of Measurement'],
  resampling: ['113085', 'DCM', 'Spatial resampling'],
  sourceImage: ['121322', 'DCM', 'Source image for image processing operation'],
  processingEquipment: ['109102', 'DCM', 'Processing Equipment'],
} as const satisfies Readonly<Record<string, Code>>;
