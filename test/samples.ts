import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

/**
 * Finds the sample collection: public radiographs whose licences do not let them into this repository. The environment
 * variable CIPHERFILM_SAMPLES names its folder, which has one folder per part. Nothing else knows where it lies.
 */
export type SamplePart = 'dicom' | 'dicom-corpora' | 'dicom-field' | 'nih';

/** A part of the collection, or why tests that read it are skipped. */
export type Samples =
  | { readonly kind: 'found'; readonly folder: string; readonly reason: null }
  | { readonly kind: 'missing'; readonly folder: null; readonly reason: string };

const missing = (reason: string): Samples => ({ kind: 'missing', folder: null, reason });

/**
 * The folder of a part.
 *
 * @param collection  the collection's folder; an empty text counts as none.
 * @throws TypeError when `collection` is not there: a misspelt variable would otherwise skip tests unnoticed.
 */
export function findSamples(part: SamplePart, collection = process.env.CIPHERFILM_SAMPLES): Samples {
  if (collection === undefined || collection === '') return missing('CIPHERFILM_SAMPLES is not set');
  const root = resolve(collection);
  if (!existsSync(root)) throw new TypeError(`CIPHERFILM_SAMPLES names a folder that is not there: ${root}`);
  const folder = join(root, part);
  return existsSync(folder)
    ? { kind: 'found', folder, reason: null }
    : missing(`CIPHERFILM_SAMPLES has no folder ${part}`);
}
