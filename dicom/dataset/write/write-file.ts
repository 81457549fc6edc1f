import { joined } from '../joined.ts';
import { explicitLittleEndian } from '../syntaxes.ts';
import { derivedUid } from './derived-uid.ts';
import type { Item } from './dictionary.ts';
import { writeDataset } from './write-dataset.ts';
import { elementBytes } from './write-element.ts';

const preambleBytes = 128;
const marker = new TextEncoder().encode('DICM');
/** Names the program that wrote a file, for whoever has to find out why it looks as it does (PS3.7 D.3.3.2). */
const implementation = {
  ImplementationClassUID: derivedUid('cipherfilm', 'implementation', '1'),
  ImplementationVersionName: 'CIPHERFILM',
} satisfies Item;

/** A data set with what its file meta information repeats. */
export type Instance = Omit<Item, 'SOPClassUID' | 'SOPInstanceUID'> & {
  readonly SOPClassUID: string;
  readonly SOPInstanceUID: string;
};

/**
 * Writes a DICOM file (PS3.10 7) in Explicit VR Little Endian. Text is in UTF-8, which the file says.
 *
 * @throws CxrError 'dicom-unwritable' for a value that its VR does not allow.
 */
export function writeFile(instance: Instance): Uint8Array {
  return withMeta(
    {
      MediaStorageSOPClassUID: instance.SOPClassUID,
      MediaStorageSOPInstanceUID: instance.SOPInstanceUID,
      TransferSyntaxUID: explicitLittleEndian.uid,
    },
    writeDataset({ ...instance, SpecificCharacterSet: 'ISO_IR 192' }),
  );
}

/** What file meta information says of the data set behind it. */
export type MetaNames = {
  readonly MediaStorageSOPClassUID: string;
  readonly MediaStorageSOPInstanceUID: string;
  readonly TransferSyntaxUID: string;
};

/** Puts preamble, marker and file meta information in front of an encoded data set (PS3.10 7.1). */
export function withMeta(names: MetaNames, dataset: Uint8Array): Uint8Array {
  const meta = writeDataset({
    FileMetaInformationVersion: Uint8Array.of(0, 1),
    ...names,
    ...implementation,
  });
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, meta.length, true);
  const groupLength = elementBytes('00020000', 'UL', length);
  return joined([new Uint8Array(preambleBytes), marker, groupLength, meta, dataset]);
}
