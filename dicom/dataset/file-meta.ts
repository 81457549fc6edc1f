import { CxrError } from '../../contract/errors.ts';
import {
  checkTransferSyntax,
  explicitLittleEndian,
  implicitLittleEndian,
  type TransferSyntax,
} from './syntaxes.ts';

/** Says how the data set is encoded, and at which byte of the file it starts. */
export type FileMeta = { readonly syntax: TransferSyntax; readonly offset: number };

/** Value representations with a reserved field and a 32-bit length (PS3.5 7.1.2). */
const longForms = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV']);
const preambleBytes = 128;

/**
 * Reads the file meta information (DICOM PS3.10 7.1), the part of a file that names its transfer syntax. Where there is
 * none, it recognises a bare data set, as some programs write.
 *
 * @remarks These are 30 lines of our own in place of the parser's. They stop at the transfer syntax, so that a refused
 *          syntax is never parsed, and so that deflate.ts inflates a deflated data set within its bounds.
 * @throws  CxrError 'dicom-not-dicom', 'dicom-truncated', 'dicom-transfer-syntax'.
 */
export function readFileMeta(bytes: Uint8Array): FileMeta {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (latin1(bytes, preambleBytes, 4) !== 'DICM') return sniffBareDataset(bytes, view);

  let position = preambleBytes + 4;
  let uid: string | null = null;
  while (position + 8 <= bytes.length && view.getUint16(position, true) === 0x0002) {
    const element = view.getUint16(position + 2, true);
    const long = longForms.has(latin1(bytes, position + 4, 2));
    if (long && position + 12 > bytes.length) throw new CxrError('dicom-truncated', { part: 'file meta' });
    const length = long ? view.getUint32(position + 8, true) : view.getUint16(position + 6, true);
    const start = position + (long ? 12 : 8);
    if (start + length > bytes.length) throw new CxrError('dicom-truncated', { part: 'file meta' });
    // UIDs are padded with NUL (PS3.5 9.1); some writers pad with a space.
    if (element === 0x0010) uid = latin1(bytes, start, Math.min(length, 65)).replace(/[\0 ]+$/, '');
    position = start + length;
  }
  if (uid === null) throw new CxrError('dicom-not-dicom', { reason: 'no transfer syntax' });
  return { syntax: checkTransferSyntax(uid), offset: position };
}

/**
 * Recognises a data set without preamble and meta information by its start: group 0008, in ascending order. Two capital
 * letters where a VR would stand mean explicit VR. Otherwise it is implicit VR, the network default (PS3.5 10.1).
 */
function sniffBareDataset(bytes: Uint8Array, view: DataView): FileMeta {
  if (bytes.length < 16 || view.getUint16(0, true) !== 0x0008 || view.getUint16(2, true) > 0x0100) {
    throw new CxrError('dicom-not-dicom', { reason: 'no DICM marker' });
  }
  if (/^[A-Z]{2}$/.test(latin1(bytes, 4, 2))) return { syntax: explicitLittleEndian, offset: 0 };
  if (view.getUint32(4, true) > bytes.length - 8) {
    throw new CxrError('dicom-not-dicom', { reason: 'no DICM marker' });
  }
  return { syntax: implicitLittleEndian, offset: 0 };
}

/** Reads up to `length` bytes as Latin-1 characters. At the end of the file there may be fewer. */
export function latin1(bytes: Uint8Array, start: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(start, start + length));
}
