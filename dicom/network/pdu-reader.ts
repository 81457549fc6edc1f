import { CxrError } from '../../contract/errors.ts';
import { readAssociate } from './associate.ts';
import { type Pdu, type PresentationValue, pduLimits, pduTypes } from './pdu.ts';

const headerBytes = 6;
/** Of these kinds the content always has four bytes. */
const shortBytes = 4;

/**
 * Cuts a stream of bytes into PDUs. The declared length of each is checked before any of its content is kept, so that
 * never more than one PDU is in memory, and no more than `mostData` bytes of it.
 */
export class PduReader {
  readonly #mostData: number;
  readonly #header = new Uint8Array(headerBytes);
  #headerFilled = 0;
  #content: Uint8Array | null = null;
  #contentFilled = 0;

  constructor(mostData: number = pduLimits.data) {
    this.#mostData = mostData;
  }

  /** True between two PDUs. */
  get isIdle(): boolean {
    return this.#headerFilled === 0;
  }

  /**
   * Takes the next bytes and yields the PDUs that end in them.
   *
   * @throws CxrError 'network-malformed', 'network-too-large'. Nothing that follows can be understood then.
   */
  *push(chunk: Uint8Array): Generator<Pdu> {
    for (let at = 0; at < chunk.length; ) {
      if (this.#content === null) {
        const taken = Math.min(headerBytes - this.#headerFilled, chunk.length - at);
        this.#header.set(chunk.subarray(at, at + taken), this.#headerFilled);
        this.#headerFilled += taken;
        at += taken;
        if (this.#headerFilled < headerBytes) return;
        this.#content = new Uint8Array(this.#checkedLength());
        this.#contentFilled = 0;
      }
      const taken = Math.min(this.#content.length - this.#contentFilled, chunk.length - at);
      this.#content.set(chunk.subarray(at, at + taken), this.#contentFilled);
      this.#contentFilled += taken;
      at += taken;
      if (this.#contentFilled < this.#content.length) return;
      const pdu = readPdu(this.#header[0]!, this.#content);
      this.#content = null;
      this.#headerFilled = 0;
      yield pdu;
    }
  }

  #checkedLength(): number {
    const type = this.#header[0]!;
    const length = new DataView(this.#header.buffer).getUint32(2);
    const isAssociate = type === pduTypes['associate-request'] || type === pduTypes['associate-accept'];
    const isData = type === pduTypes.data;
    if (type < 1 || type > pduTypes.abort)
      throw new CxrError('network-malformed', { part: 'PDU', reason: 'type', got: type });
    const most = isData ? this.#mostData : isAssociate ? pduLimits.associate : shortBytes;
    if (length > most) throw new CxrError('network-too-large', { part: 'PDU', got: length, expected: most });
    if (!isData && !isAssociate && length < shortBytes)
      throw new CxrError('network-malformed', { part: 'PDU', reason: 'length', got: length });
    return length;
  }
}

/** Reads the content of a PDU. @throws CxrError 'network-malformed', 'network-too-large'. */
export function readPdu(type: number, content: Uint8Array): Pdu {
  switch (type) {
    case pduTypes['associate-request']:
    case pduTypes['associate-accept']:
      return readAssociate(type, content);
    case pduTypes['associate-reject']:
      return {
        kind: 'associate-reject',
        rejection: { result: content[1]!, source: content[2]!, reason: content[3]! },
      };
    case pduTypes.data:
      return { kind: 'data', values: [...valuesIn(content)] };
    case pduTypes['release-request']:
      return { kind: 'release-request' };
    case pduTypes['release-reply']:
      return { kind: 'release-reply' };
    case pduTypes.abort:
      return { kind: 'abort', source: content[2]!, reason: content[3]! };
    default:
      throw new CxrError('network-malformed', { part: 'PDU', reason: 'type', got: type });
  }
}

/** Reads the presentation values of a data PDU: length, context, control byte and bytes (PS3.8 9.3.5.1, annex E.2). */
function* valuesIn(content: Uint8Array): Generator<PresentationValue> {
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  let count = 0;
  for (let at = 0; at < content.length; ) {
    count += 1;
    if (count > pduLimits.values)
      throw new CxrError('network-too-large', { part: 'values', got: count, expected: pduLimits.values });
    if (at + 6 > content.length) throw malformedValue(content.length - at);
    const length = view.getUint32(at);
    if (length < 2 || length > content.length - at - 4) throw malformedValue(length);
    const control = content[at + 5]!;
    yield {
      context: content[at + 4]!,
      isCommand: (control & 1) === 1,
      isLast: (control & 2) === 2,
      bytes: content.subarray(at + 6, at + 4 + length),
    };
    at += 4 + length;
  }
}

const malformedValue = (got: number): CxrError =>
  new CxrError('network-malformed', { part: 'presentation value', reason: 'length', got });
