import { join, sep } from 'node:path';
import { parseDataset } from './dataset.ts';

const directorySequence = 'x00041220';
const referencedFile = 'x00041500';
const mostRecords = 50_000;

/**
 * Lists the files that a DICOMDIR names (PS3.10 8.6, PS3.3 F.3). A DICOMDIR is the table of contents of a DICOM medium,
 * such as a CD. A name that would lead out of `folder` is left out. Nobody checks whether the files exist.
 *
 * @returns paths under `folder` in the order of the DICOMDIR, at most 50,000.
 * @throws CxrError 'dicom-not-dicom', 'dicom-truncated', 'dicom-unsupported'.
 */
export function filesOfDirectory(bytes: Uint8Array, folder: string): string[] {
  const { dataset } = parseDataset(bytes);
  return dataset
    .items(directorySequence)
    .slice(0, mostRecords)
    .map((record) => record.texts(referencedFile))
    .filter(
      (parts) =>
        parts.length > 0 && parts.every((part) => /^[\w -]{1,64}$|^[\w -]{1,58}\.\w{1,5}$/.test(part)),
    )
    .map((parts) => join(folder, parts.join(sep)));
}
