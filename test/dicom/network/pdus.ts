import { fields, writeCommand } from '../../../dicom/network/command.ts';
import { implementationClass, type Pdu } from '../../../dicom/network/pdu.ts';
import { PduReader } from '../../../dicom/network/pdu-reader.ts';
import { dataPdus, writePdu } from '../../../dicom/network/write-pdu.ts';

/** What `echoscu -aec CIPHERFILM -aet MODALITY` of DCMTK 3.6.7 sends first, as it was on the wire. */
export const realRequest = Uint8Array.from(
  Buffer.from(
    '0100000000cd0001000043495048455246494c4d2020202020204d4f44414c4954592020202020202020' +
      '00'.repeat(32) +
      '10000015312e322e3834302e31303030382e332e312e312e31' +
      '2000002e0100ff0030000011312e322e3834302e31303030382e312e3140000011312e322e3834302e31303030382e312e32' +
      '5000003a510000040000' +
      '40005200001b312e322e3237362e302e373233303031302e332e302e332e362e375500000f4f464649535f44434d544b5f333637',
    'hex',
  ),
);

export const crClass = '1.2.840.10008.5.1.4.1.1.1';
export const verification = '1.2.840.10008.1.1';
export const [implicit, explicit] = ['1.2.840.10008.1.2', '1.2.840.10008.1.2.1'];

/** A command that keeps an object. */
export const storeCommand = (sopInstance: string, message = 1) =>
  writeCommand({
    ...{ field: fields.store, message, sopClass: crClass, sopInstance, hasData: true, status: null },
  });

/** A request for an association that sends CR images. */
export const request = (titles = { called: 'CIPHERFILM', calling: 'MODALITY' }): Pdu => ({
  ...{ kind: 'associate-request', ...titles, maxLength: 16_384 },
  contexts: [
    { id: 1, abstractSyntax: verification, transferSyntaxes: [implicit!] },
    { id: 3, abstractSyntax: crClass, transferSyntaxes: [explicit!, implicit!] },
  ],
});

/** A whole conversation: request, C-ECHO, C-STORE of some bytes, release. */
export function conversation(dataset: Uint8Array, sopInstance: string): Uint8Array {
  const echo = writeCommand({
    ...{
      field: fields.echo,
      message: 1,
      sopClass: verification,
      sopInstance: null,
      hasData: false,
      status: null,
    },
  });
  return Buffer.concat([
    writePdu(request()),
    ...dataPdus(echo, { context: 1, isCommand: true }, 64),
    ...dataPdus(storeCommand(sopInstance, 2), { context: 3, isCommand: true }, 1000),
    ...dataPdus(dataset, { context: 3, isCommand: false }, 1000),
    writePdu({ kind: 'release-request' }),
  ]);
}

/** Every kind of PDU, as bytes. */
export const everyPdu: readonly Uint8Array[] = [
  realRequest,
  writePdu(request()),
  writePdu({
    ...{ kind: 'associate-accept', called: 'CIPHERFILM', calling: 'MODALITY', maxLength: 0 },
    contexts: [
      { id: 1, result: 0, transferSyntax: implicit! },
      { id: 3, result: 3, transferSyntax: '' },
    ],
  }),
  writePdu({ kind: 'associate-reject', rejection: { result: 2, source: 3, reason: 2 } }),
  ...dataPdus(storeCommand(implementationClass), { context: 3, isCommand: true }, 48),
  writePdu({ kind: 'release-request' }),
  writePdu({ kind: 'release-reply' }),
  writePdu({ kind: 'abort', source: 2, reason: 1 }),
];

/** The PDUs in some bytes, which come in pieces of `piece` bytes. */
export function pdusIn(bytes: Uint8Array, piece = bytes.length, mostData?: number): Pdu[] {
  const reader = new PduReader(mostData);
  const found: Pdu[] = [];
  for (let at = 0; at < bytes.length; at += piece) found.push(...reader.push(bytes.subarray(at, at + piece)));
  return found;
}
