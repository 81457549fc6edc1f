import { CxrError } from '../../contract/errors.ts';
import { checkHolds, type FrameSize } from './samples.ts';

/** Many more than any stream has; each costs memory before it is known what it is for. */
const mostSegments = 4096;
/** Second bytes of markers (ISO 10918-1 table B.1; ISO 14495-1 table C.1). */
const marker = { soi: 0xd8, eoi: 0xd9, sos: 0xda } as const;
/**
 * The kinds of frame that are decoded, each with the marker that starts it. The standard calls the markers SOF 0 and
 * SOF 1 (sequential DCT), SOF 3 (lossless) and SOF 55 (JPEG-LS).
 */
export const frameMarker = { baseline: 0xc0, extended: 0xc1, lossless: 0xc3, jpegLs: 0xf7 } as const;
/** Start-of-frame markers of all kinds: C0 … CF without the tables DHT (C4) and DAC (CC) and without JPG (C8). */
const isFrame = (code: number): boolean =>
  (code >= 0xc0 && code <= 0xcf && code !== 0xc4 && code !== 0xc8 && code !== 0xcc) || code === 0xf7;

/**
 * A marker segment in front of the entropy-coded data. It holds tables, a restart interval or an application's data.
 */
export type Segment = { readonly code: number; readonly body: Uint8Array };

/** What a JPEG or JPEG-LS stream of one grayscale frame and one scan says before its entropy-coded data. */
export type JpegHeader = {
  /** The bits of a sample, 2 … 16. */
  readonly precision: number;
  /** The identifier of the component's quantisation table. */
  readonly quantisation: number;
  /** All segments but frame and scan, in order. */
  readonly segments: readonly Segment[];
  /**
   * Four bytes: the identifiers of the component's entropy tables as DC × 16 + AC, and the three parameters of the scan
   * (ISO 10918-1 B.2.3).
   */
  readonly scan: Uint8Array;
  /** The bytes from the scan header to the end-of-image marker, both excluded. */
  readonly entropy: Uint8Array;
  /** All bytes up to the end-of-image marker, included. What follows it in the last fragment is padding. */
  readonly stream: Uint8Array;
};

/**
 * Reads a code stream up to its scan and compares it with the DICOM header before any codec sees it.
 *
 * @param frames    the markers of the kinds of frame that are accepted.
 * @param leastBits the least number of bits that a pixel takes. A size that the stream cannot hold is refused unread.
 * @throws          CxrError 'dicom-truncated' when the stream lacks its end marker or cannot hold the size;
 *                  'dicom-pixels' when it is malformed, of another kind or size, or not one component in one scan.
 */
export function readJpegHeader(
  stream: Uint8Array,
  size: FrameSize,
  frames: readonly number[],
  leastBits: number,
): JpegHeader {
  if (stream[0] !== 0xff || stream[1] !== marker.soi) throw malformed('start marker');
  checkHolds(stream, size, leastBits, 'JPEG');
  const last = findLastEnd(stream);
  const segments: Segment[] = [];
  let frame: Segment | null = null;
  for (let at = 2; ; ) {
    // Any number of FF may stand before a marker (B.1.1.2).
    while (stream[at] === 0xff && stream[at + 1] === 0xff) at += 1;
    const code = stream[at + 1];
    if (stream[at] !== 0xff || code === undefined || at + 4 > last) throw malformed('marker');
    const length = (stream[at + 2]! << 8) | stream[at + 3]!;
    if (length < 2 || at + 2 + length > last) throw malformed('segment');
    const body = stream.subarray(at + 4, at + 2 + length);
    at += 2 + length;
    if (code === marker.sos) {
      if (frame === null) throw malformed('scan before frame');
      const [precision, component, quantisation] = [frame.body[0]!, frame.body[6]!, frame.body[8]!];
      const scan = checkScan(body, component);
      const end = findEnd(stream, at);
      const [entropy, whole] = [stream.subarray(at, end), stream.subarray(0, end + 2)];
      return { precision, quantisation, segments, scan, entropy, stream: whole };
    }
    if (segments.length === mostSegments) throw malformed('segments');
    if (!isFrame(code)) segments.push({ code, body });
    else if (frame === null) frame = checkFrame({ code, body }, size, frames);
    else throw malformed('second frame');
  }
}

/** Makes the one error for everything that breaks the marker syntax. `what` names the place. */
export function malformed(what: string): CxrError {
  return new CxrError('dicom-pixels', { reason: `JPEG ${what}` });
}

/**
 * Finds where the end marker of the scan that begins at `from` begins. Entropy-coded data cannot look like one (F.1.2.3;
 * ISO 14495-1 A.1). A fragment of odd length is padded with one zero (PS3.5 A.4); writers add other bytes, and more.
 */
function findEnd(stream: Uint8Array, from: number): number {
  for (let at = stream.indexOf(0xff, from); at >= 0; at = stream.indexOf(0xff, at + 1)) {
    if (stream[at + 1] === marker.eoi) return at;
  }
  throw truncated();
}

/** Finds where the last end marker begins, so that a cut stream is told before anything in it is. */
function findLastEnd(stream: Uint8Array): number {
  for (let at = stream.length - 2; at >= 2; at -= 1) {
    if (stream[at] === 0xff && stream[at + 1] === marker.eoi) return at;
  }
  throw truncated();
}

const truncated = (): CxrError => new CxrError('dicom-truncated', { part: 'JPEG', reason: 'no end marker' });

/**
 * Checks a frame header (B.2.2): u8 bits, u16 rows, u16 columns, u8 components, then three bytes for each component.
 */
function checkFrame(segment: Segment, size: FrameSize, frames: readonly number[]): Segment {
  const { code, body } = segment;
  if (!frames.includes(code)) throw new CxrError('dicom-pixels', { reason: 'JPEG process', got: code });
  if (body.length < 6 || body.length !== 6 + 3 * body[5]!) throw malformed('frame header');
  const [rows, columns] = [(body[1]! << 8) | body[2]!, (body[3]! << 8) | body[4]!];
  const [precision, components] = [body[0]!, body[5]!];
  if (rows !== size.rows || columns !== size.columns || components !== 1) {
    throw new CxrError('dicom-pixels', {
      reason: 'JPEG header',
      got: [rows, columns, components],
      expected: [size.rows, size.columns, 1],
    });
  }
  if (precision < 2 || precision > 16) throw malformed('precision');
  return segment;
}

/** Checks the scan header (B.2.3) of one component: u8 count, u8 component, u8 tables, three parameters. */
function checkScan(body: Uint8Array, component: number): Uint8Array {
  if (body.length !== 6 || body[0] !== 1 || body[1] !== component) throw malformed('scan header');
  return body.subarray(2);
}
