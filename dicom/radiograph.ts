import type { Radiograph } from '../contract/stages.ts';
import { decodePixels } from './codecs/stored.ts';
import { toDisplayValues } from './display/pixels.ts';
import { readDicom } from './read.ts';

/**
 * Decodes a DICOM file to a radiograph under the file's first grayscale. It has brightnesses in [0, 1], 1 = bright, and
 * no patient data.
 *
 * @throws CxrError with a `dicom-…` code; never anything else for any bytes.
 */
export async function toRadiograph(bytes: Uint8Array): Promise<Radiograph> {
  const image = readDicom(bytes);
  const { rows, columns } = image;
  const { cells, lossy } = await decodePixels(image);
  const { values, window } = toDisplayValues(image, cells);
  return {
    rows,
    columns,
    values,
    content: image.content,
    facts: {
      modality: image.modality,
      viewPosition: image.viewPosition,
      rows,
      columns,
      photometric: image.photometric,
      transferSyntax: image.syntax.uid,
      lossy: image.lossy || lossy,
      window,
    },
  };
}
