import { CxrError } from '../../contract/errors.ts';

/** What a JPEG file says of its picture, and the file as every decoder reads it. */
export type JpegFile = {
  readonly rows: number;
  readonly columns: number;
  /** One component, and sequential: as DICOM's own JPEG is. */
  readonly isGrayBaseline: boolean;
  /** The same file without the bytes that fill up in front of its markers, and without what follows its end. */
  readonly bytes: Uint8Array;
};

const marker = { start: 0xd8, end: 0xd9, scan: 0xda, none: 0x01, progressive: 0xc2 } as const;
const isRestart = (code: number): boolean => code >= 0xd0 && code <= 0xd7;
/** Start-of-frame codes are C0 … CF but for tables (C4, CC) and what is reserved (C8). */
const isFrame = (code: number): boolean => code >= 0xc0 && code <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(code);

/**
 * Walks through the segments of a JPEG file (ISO 10918-1 B.1). Any number of FF may stand in front of a marker and mean nothing
 * (B.1.1.2), which some decoders do not know.
 *
 * @throws CxrError 'image-unreadable' where the segments do not follow each other, or there is no frame.
 */
export function readJpegSegments(file: Uint8Array): JpegFile {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const parts: Uint8Array[] = [];
  let frame: Omit<JpegFile, 'bytes'> | null = null;
  let at = 0;
  while (at < file.length) {
    const start = at;
    while (file[at] === 0xff && file[at + 1] === 0xff) at += 1;
    if (file[at] !== 0xff || at + 1 >= file.length) throw unreadable(start);
    const code = file[at + 1]!;
    let end = at + 2;
    if (code !== marker.start && code !== marker.end && code !== marker.none && !isRestart(code)) {
      if (end + 2 > file.length) throw unreadable(at);
      end += view.getUint16(end);
      if (end > file.length || end < at + 4) throw unreadable(at);
    }
    if (frame === null && isFrame(code)) frame = frameAt(view, at, end, code);
    if (code === marker.scan) end = scanEnd(file, end);
    parts.push(file.subarray(at, end));
    at = end;
    if (code === marker.end) break;
  }
  if (frame === null) throw new CxrError('image-unreadable', { reason: 'no JPEG frame' });
  return { ...frame, bytes: Buffer.concat(parts) };
}

/** Marker, u16 length, u8 bits, u16 rows, u16 columns, u8 components (B.2.2). */
function frameAt(view: DataView, at: number, end: number, code: number): Omit<JpegFile, 'bytes'> {
  if (end < at + 10) throw unreadable(at);
  return {
    rows: view.getUint16(at + 5),
    columns: view.getUint16(at + 7),
    isGrayBaseline: (code === 0xc0 || code === 0xc1) && view.getUint8(at + 9) === 1,
  };
}

/** Where the coded data of a scan end: at a marker that is neither a stuffed zero nor a restart. */
function scanEnd(file: Uint8Array, from: number): number {
  let at = from;
  while (at < file.length) {
    const next = file[at + 1];
    if (file[at] === 0xff && next !== 0 && next !== undefined && !isRestart(next)) return at;
    at += 1;
  }
  return file.length;
}

const unreadable = (at: number): CxrError =>
  new CxrError('image-unreadable', { reason: `JPEG segments at byte ${at}` });
