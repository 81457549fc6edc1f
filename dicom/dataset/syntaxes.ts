import { CxrError } from '../../contract/errors.ts';
import { refusedSyntaxes } from './refused-syntaxes.ts';

/**
 * How the pixels of a frame are coded (DICOM PS3.5 A.4, annex G). `native` pixels are not compressed. High-Throughput
 * JPEG 2000 counts as JPEG 2000, of which it is a variant with another block coder.
 */
export type PixelCoding =
  | 'native'
  | 'rle'
  | 'jpeg-baseline'
  | 'jpeg-extended'
  | 'jpeg-lossless'
  | 'jpeg-ls'
  | 'jpeg-2000';

/** A *transfer syntax* says how a file lays out its data set and codes its pixels (DICOM PS3.5 annex A). */
export type TransferSyntax = {
  readonly uid: string;
  readonly name: string;
  /** All but `big-endian` are little endian. All but `implicit` write the VR of every element. */
  readonly dataset: 'implicit' | 'explicit' | 'big-endian' | 'deflated';
  readonly pixels: PixelCoding;
};

/** The default of the DICOM network (PS3.5 A.1). Elements come without their VR. */
export const implicitLittleEndian: TransferSyntax = {
  uid: '1.2.840.10008.1.2',
  name: 'Implicit VR Little Endian',
  dataset: 'implicit',
  pixels: 'native',
};
/** The usual uncompressed syntax of files (PS3.5 A.2). */
export const explicitLittleEndian: TransferSyntax = {
  uid: '1.2.840.10008.1.2.1',
  name: 'Explicit VR Little Endian',
  dataset: 'explicit',
  pixels: 'native',
};

/** Retired; numbers come with their most significant byte first (PS3.5 A.3). */
export const bigEndian: TransferSyntax = {
  uid: '1.2.840.10008.1.2.2',
  name: 'Explicit VR Big Endian',
  dataset: 'big-endian',
  pixels: 'native',
};

/** Every compressed syntax has an Explicit VR Little Endian data set (PS3.5 A.4). */
function compressed(uid: string, name: string, pixels: PixelCoding): TransferSyntax {
  return { uid, name, dataset: 'explicit', pixels };
}

/** The syntaxes that are decoded. A file of any other is refused before its data set is parsed. */
export const readableSyntaxes: readonly TransferSyntax[] = [
  implicitLittleEndian,
  explicitLittleEndian,
  {
    uid: '1.2.840.10008.1.2.1.99',
    name: 'Deflated Explicit VR Little Endian',
    dataset: 'deflated',
    pixels: 'native',
  },
  bigEndian,
  compressed('1.2.840.10008.1.2.4.50', 'JPEG Baseline (Process 1)', 'jpeg-baseline'),
  compressed('1.2.840.10008.1.2.4.51', 'JPEG Extended (Process 2 and 4)', 'jpeg-extended'),
  compressed('1.2.840.10008.1.2.4.57', 'JPEG Lossless (Process 14)', 'jpeg-lossless'),
  compressed('1.2.840.10008.1.2.4.70', 'JPEG Lossless (Process 14, Selection Value 1)', 'jpeg-lossless'),
  compressed('1.2.840.10008.1.2.4.80', 'JPEG-LS Lossless', 'jpeg-ls'),
  compressed('1.2.840.10008.1.2.4.81', 'JPEG-LS Near-Lossless', 'jpeg-ls'),
  compressed('1.2.840.10008.1.2.4.90', 'JPEG 2000 Lossless', 'jpeg-2000'),
  compressed('1.2.840.10008.1.2.4.91', 'JPEG 2000', 'jpeg-2000'),
  compressed('1.2.840.10008.1.2.4.201', 'High-Throughput JPEG 2000 Lossless', 'jpeg-2000'),
  compressed('1.2.840.10008.1.2.4.202', 'High-Throughput JPEG 2000 Lossless (RPCL)', 'jpeg-2000'),
  compressed('1.2.840.10008.1.2.4.203', 'High-Throughput JPEG 2000', 'jpeg-2000'),
  compressed('1.2.840.10008.1.2.5', 'RLE Lossless', 'rle'),
];

/**
 * Finds the readable syntax with this UID.
 *
 * @throws CxrError 'dicom-transfer-syntax' when there is none. The error names a syntax of `refusedSyntaxes`. Any other
 *         UID is reported as `private` and not repeated, because it comes from the file.
 */
export function checkTransferSyntax(uid: string): TransferSyntax {
  const syntax = readableSyntaxes.find((candidate) => candidate.uid === uid);
  if (syntax !== undefined) return syntax;
  const name = refusedSyntaxes.get(uid);
  throw new CxrError('dicom-transfer-syntax', {
    got: name === undefined ? 'private' : uid,
    name: name ?? 'unknown',
  });
}
