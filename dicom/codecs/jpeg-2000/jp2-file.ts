import { CxrError } from '../../../contract/errors.ts';

/** The first twelve bytes of every JP2 file: a box of 12 bytes, `jP  `, and four that are damaged by text transfers. */
const signature = [0, 0, 0, 12, 0x6a, 0x50, 0x20, 0x20, 0x0d, 0x0a, 0x87, 0x0a];
const codeStreamBox = 0x6a703263;
/** A file has some ten. */
const mostBoxes = 1024;

/**
 * Finds the code stream where a whole JP2 file was put in its place (DICOM PS3.5 A.4.4 asks for the bare stream; ISO
 * 15444-1 annex I describes the file). What the boxes around it say about colour and size is not used.
 *
 * @returns the first code stream of the file, or `stream` itself where it is no JP2 file.
 * @throws  CxrError 'dicom-pixels' when the file has no code stream, 'dicom-truncated' when that runs past the end.
 */
export function unwrapJp2(stream: Uint8Array): Uint8Array {
  if (!signature.every((byte, index) => stream[index] === byte)) return stream;
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  for (let [at, boxes] = [0, 0]; at + 8 <= stream.length && boxes < mostBoxes; boxes += 1) {
    const short = view.getUint32(at);
    // 1: the length follows in 64 bits; 0: the box goes to the end (I.4).
    const headBytes = short === 1 ? 16 : 8;
    if (at + headBytes > stream.length) break;
    const length = short === 0 ? stream.length - at : short === 1 ? Number(view.getBigUint64(at + 8)) : short;
    if (length < headBytes) break;
    if (view.getUint32(at + 4) === codeStreamBox) {
      if (at + length > stream.length) throw new CxrError('dicom-truncated', { part: 'JP2 file' });
      return stream.subarray(at + headBytes, at + length);
    }
    at += length;
  }
  throw new CxrError('dicom-pixels', { reason: 'JP2 file without code stream' });
}
