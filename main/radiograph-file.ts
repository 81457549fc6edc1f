import { CxrError } from '../contract/errors.ts';
import type { Radiograph } from '../contract/stages.ts';
import { decodeJpegBaseline } from './dicom/jpeg.ts';

/**
 * A grayscale JPEG file as a radiograph, for scoring collections that come without DICOM.
 *
 * @throws CxrError `image-unreadable` without a baseline frame header, else as `decodeJpegBaseline`.
 */
export async function readJpegRadiograph(bytes: Uint8Array): Promise<Radiograph> {
  const { rows, columns } = frameSize(bytes);
  const stored = await decodeJpegBaseline(bytes, rows, columns);
  return {
    rows,
    columns,
    values: Float32Array.from(stored, (value) => value / 255),
    facts: {
      modality: 'file',
      viewPosition: null,
      rows,
      columns,
      photometric: 'MONOCHROME2',
      transferSyntax: '1.2.840.10008.1.2.4.50',
      lossy: true,
      window: 'full range',
    },
  };
}

/** Rows and columns from the start-of-frame segment (ISO 10918-1 B.2.2): marker, u16 length, u8 bits, u16 rows, u16 columns. */
function frameSize(bytes: Uint8Array): { rows: number; columns: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 2;
  while (at + 9 <= bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1]!;
    if (marker === 0xc0 || marker === 0xc1)
      return { rows: view.getUint16(at + 5), columns: view.getUint16(at + 7) };
    at += 2 + view.getUint16(at + 2);
  }
  throw new CxrError('image-unreadable', { reason: 'no baseline JPEG frame' });
}
