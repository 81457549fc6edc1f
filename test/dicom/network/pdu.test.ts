import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CxrError } from '../../../contract/errors.ts';
import {
  answerTo,
  fields,
  isKept,
  readCommand,
  statuses,
  writeCommand,
} from '../../../dicom/network/command.ts';
import { MessageReader } from '../../../dicom/network/message-reader.ts';
import { negotiate } from '../../../dicom/network/negotiate.ts';
import { isTitle, isUid, type Pdu, pduLimits } from '../../../dicom/network/pdu.ts';
import { dataPdus, pieceLength, writePdu } from '../../../dicom/network/write-pdu.ts';
import {
  conversation,
  crClass,
  everyPdu,
  explicit,
  implicit,
  pdusIn,
  realRequest,
  request,
  storeCommand,
  verification,
} from './pdus.ts';

const thrownBy = (work: () => unknown): CxrError => {
  try {
    work();
  } catch (error) {
    if (error instanceof CxrError) return error;
    throw error;
  }
  throw new TypeError('nothing was thrown');
};
/** A PDU of some type and declared length, without its content. */
const header = (type: number, length: number): Uint8Array => {
  const bytes = new Uint8Array(6);
  bytes[0] = type;
  new DataView(bytes.buffer).setUint32(2, length);
  return bytes;
};

describe('PDUs', () => {
  it('are read as DCMTK writes them', () => {
    expect(pdusIn(realRequest)).toEqual([
      {
        ...{ kind: 'associate-request', called: 'CIPHERFILM', calling: 'MODALITY', maxLength: 16_384 },
        contexts: [{ id: 1, abstractSyntax: verification, transferSyntaxes: [implicit] }],
      },
    ]);
  });

  it('are the same however the bytes are cut on the way, and come back as they were written', () => {
    const whole = Buffer.concat(everyPdu);
    const once = pdusIn(whole);
    expect(once).toHaveLength(everyPdu.length);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: whole.length }), (piece) => {
        expect(pdusIn(whole, piece)).toEqual(once);
      }),
      { numRuns: 50 },
    );
    // Not the first, in which DCMTK names itself.
    expect(once.slice(1).map(writePdu).map(Buffer.from)).toEqual(everyPdu.slice(1).map(Buffer.from));
  });

  it.each([
    ['data', 4, pduLimits.data + 1],
    ['data', 4, 0xffffffff],
    ['a request', 1, pduLimits.associate + 1],
    ['a release', 5, 5],
    ['an abort', 7, 0x7fffffff],
  ])('are refused by their header alone when it declares too much: %s', (_, type, length) => {
    const { code, detail } = thrownBy(() => pdusIn(header(type, length)));
    expect([code, detail]).toEqual(['network-too-large', expect.objectContaining({ got: length })]);
  });

  it.each([
    ['no type of the standard', header(8, 4)],
    ['another protocol', new TextEncoder().encode('GET / HTTP/1.1\r\n\r\n')],
    ['a release without its four bytes', header(5, 0)],
    ['a value longer than its PDU', Uint8Array.from([...header(4, 6), 0, 0, 0, 3, 1, 3])],
    ['a value without a control byte', Uint8Array.from([...header(4, 5), 0, 0, 0, 1, 1])],
    ['a request without titles', Uint8Array.from([...header(1, 4), 0, 1, 0, 0])],
  ])('are refused when they are malformed: %s', (_, bytes) => {
    expect(thrownBy(() => pdusIn(bytes)).code).toBe('network-malformed');
  });

  it('of a request have at most 128 contexts, each with its own odd number', () => {
    const context = { abstractSyntax: crClass, transferSyntaxes: [explicit!] };
    const asked = (ids: readonly number[]) =>
      pdusIn(writePdu({ ...request(), contexts: ids.map((id) => ({ id, ...context })) } as Pdu));
    expect(asked(Array.from({ length: 128 }, (_, index) => 2 * index + 1))).toHaveLength(1);
    expect(thrownBy(() => asked(Array.from({ length: 129 }, () => 1))).code).toBe('network-too-large');
    expect(thrownBy(() => asked([1, 1])).detail).toEqual({ part: 'association', reason: 'context twice' });
    expect(thrownBy(() => asked([2])).detail).toEqual({ part: 'association', reason: 'context', got: 2 });
  });

  it('are cut for a side that takes short ones: 6 bytes of each are not content', () => {
    expect([0, 16_384, 7, 1, 0xffffffff].map(pieceLength)).toEqual([65_530, 16_378, 2, 2, 131_066]);
    const bytes = new Uint8Array(100);
    const pieces = [...dataPdus(bytes, { context: 1, isCommand: false }, 48)];
    // 6 of the PDU, 6 of the value, then 48, 48 and 4 of content.
    expect(pieces.map(({ length }) => length)).toEqual([60, 60, 16]);
    const values = pieces
      .flatMap((piece) => pdusIn(piece))
      .flatMap((pdu) => (pdu.kind === 'data' ? pdu.values : []));
    expect(values.map(({ isLast }) => isLast)).toEqual([false, false, true]);
  });
});

describe('commands', () => {
  it('come back as they were written, and an answer repeats its request', () => {
    const command = readCommand(storeCommand('1.2.3', 7));
    expect(command).toEqual({
      ...{
        field: fields.store,
        message: 7,
        sopClass: crClass,
        sopInstance: '1.2.3',
        hasData: true,
        status: null,
      },
    });
    expect(readCommand(writeCommand(answerTo(command, statuses.outOfResources)))).toEqual({
      ...{
        field: 0x8001,
        message: 7,
        sopClass: crClass,
        sopInstance: '1.2.3',
        hasData: false,
        status: 0xa700,
      },
    });
  });

  it.each([
    ['another group', Uint8Array.from([8, 0, 0, 0, 0, 0, 0, 0])],
    ['a value that is not there', Uint8Array.from([0, 0, 0, 0, 4, 0, 0, 0])],
    ['nothing', new Uint8Array()],
  ])('are refused: %s', (_, bytes) => {
    expect(thrownBy(() => readCommand(bytes)).code).toBe('network-malformed');
  });

  it('say whether the object was kept: success and warnings only', () => {
    expect([0, 0xb000, 0xb007, 0xa700, 0x0122, 0xc000].map(isKept)).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  it('are put together from pieces, and what is out of turn or without end is refused', () => {
    const value = { context: 1, isCommand: true, isLast: false, bytes: new Uint8Array(1000) };
    const endless = () => {
      const messages = new MessageReader();
      for (let count = 0; count < 100; count += 1) messages.take(value);
    };
    expect(thrownBy(endless).code).toBe('network-too-large');
    expect(thrownBy(() => new MessageReader().take({ ...value, isCommand: false })).code).toBe(
      'network-malformed',
    );
    const parts = pdusIn(conversation(new Uint8Array(2500), '1.2.3')).flatMap((pdu) =>
      pdu.kind === 'data' ? pdu.values : [],
    );
    const messages = new MessageReader();
    const taken = parts.map((part) => messages.take(part)).filter((part) => part !== null);
    expect(taken.map((part) => (part.kind === 'data' ? part.bytes.length : part.command.field))).toEqual([
      ...[fields.echo, fields.store, 1000, 1000, 500],
    ]);
    expect(messages.isIdle).toBe(true);
  });
});

describe('a request for an association', () => {
  const admission = { title: 'CIPHERFILM', callers: new Set(['MODALITY']) };
  const asked = pdusIn(writePdu(request()))[0] as Extract<Pdu, { kind: 'associate-request' }>;

  it('is accepted from a title that may call, in the first syntax that can be read', () => {
    const answer = negotiate(
      {
        ...asked,
        contexts: [
          ...asked.contexts,
          { id: 5, abstractSyntax: '1.2.840.10008.5.1.4.1.1.2', transferSyntaxes: [implicit!] },
          { id: 7, abstractSyntax: crClass, transferSyntaxes: ['1.2.840.10008.1.2.4.100', explicit!] },
          { id: 9, abstractSyntax: crClass, transferSyntaxes: ['1.2.840.10008.1.2.4.100'] },
        ],
      },
      admission,
    );
    // 3: no CT. 4: no moving pictures.
    expect('answers' in answer && answer.answers.map(({ id, result }) => [id, result])).toEqual([
      [1, 0],
      [3, 0],
      [5, 3],
      [7, 0],
      [9, 4],
    ]);
    expect('agreed' in answer && answer.agreed.get(7)).toEqual({
      abstractSyntax: crClass,
      transferSyntax: explicit,
    });
  });

  it.each([
    ['called by another name', { called: 'SOMEBODY' }, 7],
    ['from a title that may not call', { calling: 'STRANGER' }, 3],
    ['from a title in other letters', { calling: 'modality' }, 3],
    ['without a title', { calling: '' }, 3],
  ])('is refused for good: %s', (_, titles, reason) => {
    expect(negotiate({ ...asked, ...titles }, admission)).toEqual({
      rejection: { result: 1, source: 1, reason },
    });
  });
});

describe('names', () => {
  it('are UIDs and AE titles of the standard, and nothing that could be a path', () => {
    expect(['1.2.840', '2.25.17', '1'].every(isUid)).toBe(true);
    expect(['', '.', '..', '1..2', '1.2/3', '1.2.', `1.${'2'.repeat(63)}`].some(isUid)).toBe(false);
    expect(['PACS', 'A B', 'x'.repeat(16)].every(isTitle)).toBe(true);
    expect(['', ' PACS', 'PACS ', 'x'.repeat(17), 'A\\B', 'Ä'].some(isTitle)).toBe(false);
  });
});
