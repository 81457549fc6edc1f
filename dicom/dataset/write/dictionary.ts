/**
 * The elements that are written, by the keywords of DICOM PS3.6: tag, and value representation (VR, the type of a value).
 * Content is put together by keyword, so that a wrong tag or a value of the wrong type does not compile.
 */
export const dictionary = {
  FileMetaInformationVersion: ['00020001', 'OB'],
  MediaStorageSOPClassUID: ['00020002', 'UI'],
  MediaStorageSOPInstanceUID: ['00020003', 'UI'],
  TransferSyntaxUID: ['00020010', 'UI'],
  ImplementationClassUID: ['00020012', 'UI'],
  ImplementationVersionName: ['00020013', 'SH'],
  SpecificCharacterSet: ['00080005', 'CS'],
  ImageType: ['00080008', 'CS'],
  InstanceCreationDate: ['00080012', 'DA'],
  InstanceCreationTime: ['00080013', 'TM'],
  SOPClassUID: ['00080016', 'UI'],
  SOPInstanceUID: ['00080018', 'UI'],
  StudyDate: ['00080020', 'DA'],
  SeriesDate: ['00080021', 'DA'],
  AcquisitionDate: ['00080022', 'DA'],
  ContentDate: ['00080023', 'DA'],
  StudyTime: ['00080030', 'TM'],
  SeriesTime: ['00080031', 'TM'],
  ContentTime: ['00080033', 'TM'],
  AccessionNumber: ['00080050', 'SH'],
  Modality: ['00080060', 'CS'],
  ConversionType: ['00080064', 'CS'],
  PresentationIntentType: ['00080068', 'CS'],
  Manufacturer: ['00080070', 'LO'],
  ReferringPhysicianName: ['00080090', 'PN'],
  CodeValue: ['00080100', 'SH'],
  CodingSchemeDesignator: ['00080102', 'SH'],
  CodeMeaning: ['00080104', 'LO'],
  MappingResource: ['00080105', 'CS'],
  CodingSchemeIdentificationSequence: ['00080110', 'SQ'],
  CodingSchemeName: ['00080115', 'ST'],
  CodingSchemeResponsibleOrganization: ['00080116', 'ST'],
  StudyDescription: ['00081030', 'LO'],
  SeriesDescription: ['0008103e', 'LO'],
  ManufacturerModelName: ['00081090', 'LO'],
  ReferencedPerformedProcedureStepSequence: ['00081111', 'SQ'],
  ReferencedSeriesSequence: ['00081115', 'SQ'],
  ReferencedSOPClassUID: ['00081150', 'UI'],
  ReferencedSOPInstanceUID: ['00081155', 'UI'],
  ReferencedSOPSequence: ['00081199', 'SQ'],
  AnatomicRegionSequence: ['00082218', 'SQ'],
  DerivationDescription: ['00082111', 'ST'],
  SourceImageSequence: ['00082112', 'SQ'],
  DerivationCodeSequence: ['00089215', 'SQ'],
  PatientName: ['00100010', 'PN'],
  PatientID: ['00100020', 'LO'],
  IssuerOfPatientID: ['00100021', 'LO'],
  PatientBirthDate: ['00100030', 'DA'],
  PatientSex: ['00100040', 'CS'],
  PatientIdentityRemoved: ['00120062', 'CS'],
  DeidentificationMethod: ['00120063', 'LO'],
  DeidentificationMethodCodeSequence: ['00120064', 'SQ'],
  LongitudinalTemporalInformationModified: ['00280303', 'CS'],
  BodyPartExamined: ['00180015', 'CS'],
  SecondaryCaptureDeviceManufacturer: ['00181016', 'LO'],
  SecondaryCaptureDeviceManufacturerModelName: ['00181018', 'LO'],
  SecondaryCaptureDeviceSoftwareVersions: ['00181019', 'LO'],
  DateOfSecondaryCapture: ['00181012', 'DA'],
  TimeOfSecondaryCapture: ['00181014', 'TM'],
  SoftwareVersions: ['00181020', 'LO'],
  DistanceSourceToDetector: ['00181110', 'DS'],
  DistanceSourceToPatient: ['00181111', 'DS'],
  EstimatedRadiographicMagnificationFactor: ['00181114', 'DS'],
  ImagerPixelSpacing: ['00181164', 'DS'],
  ShutterShape: ['00181600', 'CS'],
  ShutterLeftVerticalEdge: ['00181602', 'IS'],
  ShutterRightVerticalEdge: ['00181604', 'IS'],
  ShutterUpperHorizontalEdge: ['00181606', 'IS'],
  ShutterLowerHorizontalEdge: ['00181608', 'IS'],
  CenterOfCircularShutter: ['00181610', 'IS'],
  RadiusOfCircularShutter: ['00181612', 'IS'],
  VerticesOfThePolygonalShutter: ['00181620', 'IS'],
  ShutterPresentationValue: ['00181622', 'US'],
  ViewPosition: ['00185101', 'CS'],
  ContributingEquipmentSequence: ['0018a001', 'SQ'],
  StudyInstanceUID: ['0020000d', 'UI'],
  SeriesInstanceUID: ['0020000e', 'UI'],
  StudyID: ['00200010', 'SH'],
  SeriesNumber: ['00200011', 'IS'],
  InstanceNumber: ['00200013', 'IS'],
  PatientOrientation: ['00200020', 'CS'],
  Laterality: ['00200060', 'CS'],
  ImageLaterality: ['00200062', 'CS'],
  ImageComments: ['00204000', 'LT'],
  SamplesPerPixel: ['00280002', 'US'],
  PhotometricInterpretation: ['00280004', 'CS'],
  Rows: ['00280010', 'US'],
  Columns: ['00280011', 'US'],
  PixelSpacing: ['00280030', 'DS'],
  PixelAspectRatio: ['00280034', 'IS'],
  BitsAllocated: ['00280100', 'US'],
  BitsStored: ['00280101', 'US'],
  HighBit: ['00280102', 'US'],
  PixelRepresentation: ['00280103', 'US'],
  BurnedInAnnotation: ['00280301', 'CS'],
  LossyImageCompression: ['00282110', 'CS'],
  PixelPaddingValue: ['00280120', 'US'],
  SignedPixelPaddingValue: ['00280120', 'SS'],
  PixelPaddingRangeLimit: ['00280121', 'US'],
  SignedPixelPaddingRangeLimit: ['00280121', 'SS'],
  PixelSpacingCalibrationType: ['00280a02', 'CS'],
  PixelIntensityRelationship: ['00281040', 'CS'],
  RescaleIntercept: ['00281052', 'DS'],
  RescaleSlope: ['00281053', 'DS'],
  RescaleType: ['00281054', 'LO'],
  VOILUTFunction: ['00281056', 'CS'],
  ModalityLUTSequence: ['00283000', 'SQ'],
  LUTDescriptor: ['00283002', 'US'],
  ModalityLUTType: ['00283004', 'LO'],
  LUTData: ['00283006', 'OW'],
  VOILUTSequence: ['00283010', 'SQ'],
  WindowCenter: ['00281050', 'DS'],
  WindowWidth: ['00281051', 'DS'],
  LossyImageCompressionRatio: ['00282112', 'DS'],
  LossyImageCompressionMethod: ['00282114', 'CS'],
  RelationshipType: ['0040a010', 'CS'],
  ValueType: ['0040a040', 'CS'],
  ConceptNameCodeSequence: ['0040a043', 'SQ'],
  ContinuityOfContent: ['0040a050', 'CS'],
  UID: ['0040a124', 'UI'],
  TextValue: ['0040a160', 'UT'],
  ConceptCodeSequence: ['0040a168', 'SQ'],
  PurposeOfReferenceCodeSequence: ['0040a170', 'SQ'],
  MeasuredValueSequence: ['0040a300', 'SQ'],
  MeasurementUnitsCodeSequence: ['004008ea', 'SQ'],
  NumericValue: ['0040a30a', 'DS'],
  PerformedProcedureCodeSequence: ['0040a372', 'SQ'],
  CurrentRequestedProcedureEvidenceSequence: ['0040a375', 'SQ'],
  CompletionFlag: ['0040a491', 'CS'],
  VerificationFlag: ['0040a493', 'CS'],
  PreliminaryFlag: ['0040a496', 'CS'],
  ContentTemplateSequence: ['0040a504', 'SQ'],
  ContentSequence: ['0040a730', 'SQ'],
  TemplateIdentifier: ['0040db00', 'CS'],
  ViewCodeSequence: ['00540220', 'SQ'],
  PresentationLUTShape: ['20500020', 'CS'],
  /** Pixels of 8 bits. */
  PixelData: ['7fe00010', 'OB'],
  /** The same element with pixels of 16 bits. */
  PixelDataWords: ['7fe00010', 'OW'],
} as const satisfies Readonly<Record<string, readonly [tag: string, vr: Vr]>>;

/** VRs whose values are text, of which there may be several, with a backslash between them (PS3.5 6.2). */
export type TextVr =
  | 'AE'
  | 'AS'
  | 'CS'
  | 'DA'
  | 'DS'
  | 'DT'
  | 'IS'
  | 'LO'
  | 'LT'
  | 'PN'
  | 'SH'
  | 'ST'
  | 'TM'
  | 'UC'
  | 'UI'
  | 'UR'
  | 'UT';
/** VRs whose values are binary numbers. */
export type NumberVr = 'FD' | 'FL' | 'SL' | 'SS' | 'UL' | 'US';
/** VRs whose value is bytes. */
export type BytesVr = 'OB' | 'OW' | 'UN';
/** A value representation that can be written. `SQ` is a sequence, whose values are items. */
export type Vr = TextVr | NumberVr | BytesVr | 'SQ';

/** The name of an element that is written. */
export type Keyword = keyof typeof dictionary;
type VrOf<K extends Keyword> = (typeof dictionary)[K][1];
type ValueIn<V extends Vr> = V extends TextVr
  ? string | readonly string[]
  : V extends NumberVr
    ? number | readonly number[]
    : V extends 'SQ'
      ? readonly Item[]
      : Uint8Array;

/**
 * A data set to write, or an item of a sequence: values by keyword, in any order. `null` writes an element without a
 * value, which DICOM asks for where a value is not known ("type 2"); what is `undefined` is not written.
 */
export type Item = { readonly [K in Keyword]?: ValueIn<VrOf<K>> | null | undefined };
