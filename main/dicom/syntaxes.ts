import { CxrError } from '../../contract/errors.ts';

/** How one transfer syntax lays out data set and pixels (PS3.5 annex A). */
export type TransferSyntax = {
  readonly uid: string;
  readonly name: string;
  readonly dataset: 'implicit' | 'explicit';
  readonly pixels: 'native' | 'jpeg-baseline';
};

export const implicitLittleEndian: TransferSyntax = {
  uid: '1.2.840.10008.1.2',
  name: 'Implicit VR Little Endian',
  dataset: 'implicit',
  pixels: 'native',
};
export const explicitLittleEndian: TransferSyntax = {
  uid: '1.2.840.10008.1.2.1',
  name: 'Explicit VR Little Endian',
  dataset: 'explicit',
  pixels: 'native',
};

/** What this reader decodes. Everything else is refused before its data set is parsed. */
export const readableSyntaxes: readonly TransferSyntax[] = [
  implicitLittleEndian,
  explicitLittleEndian,
  {
    uid: '1.2.840.10008.1.2.4.50',
    name: 'JPEG Baseline (Process 1)',
    dataset: 'explicit',
    pixels: 'jpeg-baseline',
  },
];

/** Names of syntaxes that exist but are refused, so that the refusal can say what to convert (PS3.6 table A-1). */
const refusedNames: Readonly<Record<string, string>> = {
  '1.2.840.10008.1.2.1.98': 'Encapsulated Uncompressed Explicit VR Little Endian',
  '1.2.840.10008.1.2.1.99': 'Deflated Explicit VR Little Endian',
  '1.2.840.10008.1.2.2': 'Explicit VR Big Endian',
  '1.2.840.10008.1.2.4.51': 'JPEG Extended (Process 2 and 4)',
  '1.2.840.10008.1.2.4.57': 'JPEG Lossless (Process 14)',
  '1.2.840.10008.1.2.4.70': 'JPEG Lossless (Process 14, Selection Value 1)',
  '1.2.840.10008.1.2.4.80': 'JPEG-LS Lossless',
  '1.2.840.10008.1.2.4.81': 'JPEG-LS Near-Lossless',
  '1.2.840.10008.1.2.4.90': 'JPEG 2000 Lossless',
  '1.2.840.10008.1.2.4.91': 'JPEG 2000',
  '1.2.840.10008.1.2.4.92': 'JPEG 2000 Part 2 Lossless',
  '1.2.840.10008.1.2.4.93': 'JPEG 2000 Part 2',
  '1.2.840.10008.1.2.4.100': 'MPEG2 Main Profile',
  '1.2.840.10008.1.2.4.102': 'MPEG-4 AVC/H.264',
  '1.2.840.10008.1.2.4.110': 'JPEG XL Lossless',
  '1.2.840.10008.1.2.4.112': 'JPEG XL',
  '1.2.840.10008.1.2.4.201': 'High-Throughput JPEG 2000 Lossless',
  '1.2.840.10008.1.2.4.202': 'High-Throughput JPEG 2000 Lossless (RPCL)',
  '1.2.840.10008.1.2.4.203': 'High-Throughput JPEG 2000',
  '1.2.840.10008.1.2.5': 'RLE Lossless',
};

/**
 * Finds the readable syntax with this UID.
 *
 * @throws CxrError 'dicom-transfer-syntax' otherwise, naming the syntax where PS3.6 does. A UID outside the
 *         standard's own root is reported as `private`, not echoed: it comes from the file.
 */
export function checkTransferSyntax(uid: string): TransferSyntax {
  const syntax = readableSyntaxes.find((candidate) => candidate.uid === uid);
  if (syntax !== undefined) return syntax;
  const name = refusedNames[uid];
  throw new CxrError('dicom-transfer-syntax', {
    got: name === undefined ? 'private' : uid,
    name: name ?? 'unknown',
  });
}
