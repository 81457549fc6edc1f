import { joined } from '../dataset/joined.ts';
import { writeAssociate } from './associate.ts';
import { type Pdu, type PresentationValue, pduTypes } from './pdu.ts';

/** Writes a PDU: type, reserved byte, length, content (PS3.8 9.3). */
export function writePdu(pdu: Pdu): Uint8Array {
  const content = contentOf(pdu);
  const header = new Uint8Array(6);
  header[0] = pduTypes[pdu.kind];
  new DataView(header.buffer).setUint32(2, content.length);
  return joined([header, content]);
}

function contentOf(pdu: Pdu): Uint8Array {
  switch (pdu.kind) {
    case 'associate-request':
    case 'associate-accept':
      return writeAssociate(pdu);
    case 'associate-reject':
      return Uint8Array.of(0, pdu.rejection.result, pdu.rejection.source, pdu.rejection.reason);
    case 'data':
      return joined(pdu.values.flatMap(valueParts));
    case 'abort':
      return Uint8Array.of(0, 0, pdu.source, pdu.reason);
    case 'release-request':
    case 'release-reply':
      return new Uint8Array(4);
  }
}

function valueParts({ context, isCommand, isLast, bytes }: PresentationValue): Uint8Array[] {
  const head = new Uint8Array(6);
  new DataView(head.buffer).setUint32(0, bytes.length + 2);
  head[4] = context;
  head[5] = (isCommand ? 1 : 0) | (isLast ? 2 : 0);
  return [head, bytes];
}

/** Length and control bytes of a presentation value, which count in the length of its PDU. */
const valueHeadBytes = 6;
/** What is sent in one PDU where the other side takes any length, bytes. */
const usualLength = 64 * 1024;

/**
 * Says how many bytes of a command or a data set fit into one PDU for a side that takes `maxLength` bytes, 0 for any. An
 * odd number is rounded down, because pieces of a data set have an even length (PS3.8 E.2).
 */
export function pieceLength(maxLength: number): number {
  const length = maxLength === 0 ? usualLength : Math.min(maxLength, 2 * usualLength);
  return Math.max(2, (length - valueHeadBytes) & ~1);
}

/** Cuts bytes into data PDUs of at most `piece` bytes each. The last one says that it is, unless more `follow`. */
export function* dataPdus(
  bytes: Uint8Array,
  value: Pick<PresentationValue, 'context' | 'isCommand'>,
  piece: number,
  follow = false,
): Generator<Uint8Array> {
  for (let at = 0; at === 0 || at < bytes.length; at += piece) {
    const isLast = !follow && at + piece >= bytes.length;
    yield writePdu({
      kind: 'data',
      values: [{ ...value, isLast, bytes: bytes.subarray(at, at + piece) }],
    });
  }
}
