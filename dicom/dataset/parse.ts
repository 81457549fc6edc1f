import { CxrError } from '../../contract/errors.ts';
import { maxPixels } from '../image.ts';
import { Dataset } from './dataset.ts';
import { inflateDataset } from './deflate.ts';
import { type Element, ElementReader, type Encoding, pixelData } from './element-reader.ts';
import { encodingAt, readFileMeta } from './file-meta.ts';
import type { TransferSyntax } from './syntaxes.ts';

/** Largest data set that is inflated, bytes: the largest image at 16 bits and as much again as a header may have. */
const maxInflatedBytes = 2 * maxPixels + 16 * 1024 * 1024;
/** A radiograph has some hundred elements; those of an enhanced image with thousands of frames are not read here. */
const mostElements = 100_000;

/** The data set of a file. Its offsets count in `bytes`, which are the file's or those of the inflated data set. */
export type ParsedDataset = {
  readonly dataset: Dataset;
  readonly syntax: TransferSyntax;
  /** False where the file names no transfer syntax, and it was found by looking. */
  readonly isNamed: boolean;
  readonly bytes: Uint8Array;
};

/**
 * Reads the elements in front of the pixel data of a DICOM file (PS3.10 7, PS3.5 7.1).
 *
 * @param most  the number of elements that are looked at, nested ones too.
 * @throws CxrError 'dicom-not-dicom', 'dicom-malformed', 'dicom-truncated', 'dicom-transfer-syntax', 'dicom-unsupported'
 *         (nesting), 'dicom-too-large' (more elements; a deflated data set that inflates beyond its own header).
 */
export function parseDataset(file: Uint8Array, most = mostElements): ParsedDataset {
  const { syntax, isNamed, offset } = readFileMeta(file);
  if (offset >= file.length) throw new CxrError('dicom-truncated', { part: 'data set' });
  const encoding: Encoding = {
    explicit: syntax.dataset !== 'implicit',
    order: syntax.dataset === 'big-endian' ? 'big' : 'little',
  };
  if (syntax.dataset === 'deflated')
    return { ...parseDeflated(file.subarray(offset), encoding, most), syntax, isNamed };
  const reader = new ElementReader(file, most);
  const elements = new Map<number, Element>();
  reader.elements(offset, file.length, encodingAt(file, offset, encoding), elements);
  return { dataset: new Dataset(reader, elements), syntax, isNamed, bytes: file };
}

/** What was read of a part of the data set is not read again in a longer one: it goes on where it stopped. */
function parseDeflated(deflated: Uint8Array, encoding: Encoding, most: number) {
  const elements = new Map<number, Element>();
  let [position, left] = [0, most];
  const advance = (head: Uint8Array): ElementReader => {
    const reader = new ElementReader(head, left);
    reader.elements(position, head.length, encodingAt(head, 0, encoding), elements, (at) => {
      position = at;
      left = reader.left;
    });
    return reader;
  };
  const bytes = inflateDataset(deflated, maxInflatedBytes, (head) => {
    advance(head);
    const pixels = elements.get(pixelData);
    return pixels === undefined ? null : pixels.dataOffset + pixels.length;
  });
  return { dataset: new Dataset(new ElementReader(bytes, left), elements), bytes };
}
