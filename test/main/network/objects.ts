import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileHead } from '../../../dicom/network/file-head.ts';
import { dicomBytes, type Field } from '../../dicom/dicom-bytes.ts';

export const crClass = '1.2.840.10008.5.1.4.1.1.1';
export const explicit = '1.2.840.10008.1.2.1';
/** Preamble, marker and the one element of file meta that `dicomBytes` writes: 8 bytes and a UID of 20 with its padding. */
const headBytes = 128 + 4 + 8 + explicit.length + (explicit.length % 2);

export type ObjectNames = {
  readonly study: string;
  readonly sopInstance: string;
  readonly sopClass?: string;
};

/** The data set of a CR image whose pixels count up, in rows of 1000. */
export function datasetOf({ study, sopInstance, sopClass = crClass }: ObjectNames, pixels = 64): Uint8Array {
  const text = (tag: string, vr: string, value: string): Record<string, Field> => ({
    [tag]: [tag, vr, value],
  });
  const cells = new Uint8Array(Uint16Array.from({ length: pixels }, (_, index) => index % 4096).buffer);
  return dicomBytes(cells, {
    ...text('00080016', 'UI', sopClass),
    ...text('00080018', 'UI', sopInstance),
    ...text('00080020', 'DA', '20260102'),
    ...text('00080060', 'CS', 'CR'),
    ...text('00100020', 'LO', 'PATIENT-7'),
    ...text('0020000d', 'UI', study),
    ...text('0020000e', 'UI', `${study}.1`),
    '00280010': ['00280010', 'US', [Math.ceil(pixels / 1000)]],
    '00280011': ['00280011', 'US', [Math.min(pixels, 1000)]],
  }).slice(headBytes);
}

/** The same as a file. */
export function fileOf(names: ObjectNames, pixels?: number): Uint8Array {
  const { sopInstance, sopClass = crClass } = names;
  const head = fileHead({ sopClass, sopInstance, transferSyntax: explicit, from: null });
  return Uint8Array.from(Buffer.concat([head, datasetOf(names, pixels)]));
}

/** Writes such a file into a folder and gives its path. */
export async function writeObject(folder: string, names: ObjectNames, pixels?: number): Promise<string> {
  const path = join(folder, `${names.sopInstance}.dcm`);
  await writeFile(path, fileOf(names, pixels));
  return path;
}
