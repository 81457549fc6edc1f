import { join, sep } from 'node:path';
import { parseDataset } from './parse.ts';

const directorySequence = 'x00041220';
const referencedFile = 'x00041500';
const mostRecords = 50_000;
/** A record has some dozen elements, and up to as many for each level above an image. */
const mostElements = 40 * mostRecords;

/**
 * Lists the files that a DICOMDIR names (PS3.10 8.6, PS3.3 F.3). A DICOMDIR is the table of contents of a DICOM medium,
 * such as a CD. A name that would lead out of `folder` is left out. Nobody checks whether the files exist.
 *
 * @returns paths under `folder` in the order of the DICOMDIR, at most 50,000.
 * @throws CxrError 'dicom-not-dicom', 'dicom-malformed', 'dicom-truncated', 'dicom-unsupported', 'dicom-too-large'.
 */
export function filesOfDirectory(bytes: Uint8Array, folder: string): string[] {
  const { dataset } = parseDataset(bytes, mostElements);
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
