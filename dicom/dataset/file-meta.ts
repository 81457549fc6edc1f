import { CxrError } from '../../contract/errors.ts';
import { type ElementHeader, ElementReader, type Encoding } from './element-reader.ts';
import {
  bigEndian,
  checkTransferSyntax,
  explicitLittleEndian,
  implicitLittleEndian,
  type TransferSyntax,
} from './syntaxes.ts';

/** Says how the data set is encoded, and at which byte of the file it starts. */
export type FileMeta = {
  readonly syntax: TransferSyntax;
  /** False where no syntax is named: `syntax` is then what the data set looks like, uncompressed. */
  readonly isNamed: boolean;
  readonly offset: number;
};

const preambleBytes = 128;
const metaGroup = 0x0002;
const transferSyntaxUid = 0x00020010;
/** The standard has some dozen (PS3.10 7.1). */
const mostMetaElements = 256;

/**
 * Reads the file meta information (DICOM PS3.10 7.1), the part of a file that names its transfer syntax. It is written
 * with VRs and little endian whatever the data set is; some programs write it as their data set, leave out the preamble
 * or the syntax, or write it twice, of which the first counts.
 *
 * @remarks It stops at the transfer syntax, so that a refused syntax is never parsed, and so that deflate.ts inflates a
 *          deflated data set within its bounds.
 * @throws  CxrError 'dicom-not-dicom', 'dicom-truncated', 'dicom-malformed', 'dicom-transfer-syntax'.
 */
export function readFileMeta(bytes: Uint8Array): FileMeta {
  const start = [preambleBytes, 0].find((at) => latin1(bytes, at, 4) === 'DICM');
  let position = start === undefined ? 0 : start + 4;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const reader = new ElementReader(bytes, mostMetaElements);
  let uid: string | null = null;
  while (position + 8 <= bytes.length) {
    const little = view.getUint16(position, true) === metaGroup;
    if (!little && view.getUint16(position) !== metaGroup) break;
    const encoding: Encoding = { explicit: true, order: little ? 'little' : 'big' };
    const { tag, dataOffset, length } = metaElement(reader, position, encoding);
    // UIDs are padded with NUL (PS3.5 9.1); some writers pad with a space.
    if (tag === transferSyntaxUid)
      uid ??= latin1(bytes, dataOffset, Math.min(length, 65)).replace(/[\0 ]+$/, '');
    position = dataOffset + length;
  }
  if (uid !== null && uid !== '') {
    return { syntax: checkTransferSyntax(uid), isNamed: true, offset: position };
  }
  if (start === undefined && position === 0 && !startsDataset(bytes, view)) {
    throw new CxrError('dicom-not-dicom', { reason: 'no DICM marker' });
  }
  return { syntax: uncompressedSyntax(bytes, position), isNamed: false, offset: position };
}

function metaElement(reader: ElementReader, at: number, encoding: Encoding): ElementHeader {
  const header = reader.header(at, reader.bytes.length, encoding);
  if (header.dataOffset + header.length <= reader.bytes.length) return header;
  throw new CxrError('dicom-malformed', { reason: 'file meta', at });
}

/**
 * Recognises a data set without preamble and meta information by its start: group 0008, low elements first, with a VR or
 * with a length that the file has.
 */
function startsDataset(bytes: Uint8Array, view: DataView): boolean {
  if (bytes.length < 16) return false;
  const little = view.getUint16(0, true) === 0x0008;
  if (!little && view.getUint16(0) !== 0x0008) return false;
  if (view.getUint16(2, little) > 0x0100) return false;
  return /^[A-Z]{2}$/.test(latin1(bytes, 4, 2)) || view.getUint32(4, little) <= bytes.length - 8;
}

/** The uncompressed syntax that a data set is written in, by its first element. */
function uncompressedSyntax(bytes: Uint8Array, at: number): TransferSyntax {
  const { explicit, order } = encodingAt(bytes, at, { explicit: false, order: 'little' });
  if (order === 'big') return bigEndian;
  return explicit ? explicitLittleEndian : implicitLittleEndian;
}

/**
 * Finds how a data set is written by its first element. Files whose syntax says something else exist, and are readable.
 *
 * @param named  what the syntax says; it holds where the element leaves it open.
 */
export function encodingAt(bytes: Uint8Array, at: number, named: Encoding): Encoding {
  if (at + 8 > bytes.length) return named;
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, 8);
  const [little, big] = [view.getUint16(0, true), view.getUint16(0)];
  // Data sets begin with a low group: 0008, or 0002 and 0004 of what is no image.
  const isLow = (group: number) => group <= 0x00ff;
  const order = isLow(little) === isLow(big) ? named.order : isLow(little) ? 'little' : 'big';
  const length = view.getUint32(4, order === 'little');
  const hasVr = /^[A-Z]{2}$/.test(latin1(bytes, at + 4, 2));
  const isImplicit = !hasVr && (length <= bytes.length - at - 8 || length === 0xffffffff);
  return { explicit: hasVr || (named.explicit && !isImplicit), order };
}

/** Reads up to `length` bytes as Latin-1 characters. At the end of the file there may be fewer. */
export function latin1(bytes: Uint8Array, start: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(start, start + length));
}
