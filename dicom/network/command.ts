import { CxrError } from '../../contract/errors.ts';
import { joined } from '../dataset/joined.ts';
import { isUid } from './pdu.ts';

/**
 * A *command* says what a message of an association wants, or how it went (PS3.7 6.3). It is a small data set of its own,
 * always without VRs and little endian; where `hasData` says so, the data set that it is about follows.
 */
export type Command = {
  /** The operation, one of `fields` where it is one that is known here. */
  readonly field: number;
  /** The number of a request; its answer repeats it. */
  readonly message: number;
  readonly sopClass: string | null;
  readonly sopInstance: string | null;
  readonly hasData: boolean;
  /** How it went, in an answer (PS3.7 annex C). */
  readonly status: number | null;
};

/** Numbers of operations (PS3.7 E.1). An answer has the number of its request with the highest bit set. */
export const fields = { store: 0x0001, echo: 0x0030, cancel: 0x0fff } as const;
export const answerBit = 0x8000;

/** How an operation went (PS3.4 B.2.3, PS3.7 annex C). */
export const statuses = {
  success: 0x0000,
  unknownClass: 0x0122,
  unknownOperation: 0x0211,
  outOfResources: 0xa700,
  mismatch: 0xa900,
  cannotUnderstand: 0xc000,
} as const;
/** Tells whether an object that was answered with this status has been kept: success, or success with a warning. */
export const isKept = (status: number): boolean => status === 0 || (status & 0xf000) === 0xb000;

/** A command has some dozen elements; `bytes` is the most of it that is kept before it is read. */
export const commandLimits = { bytes: 16 * 1024, elements: 64 } as const;

const elements = {
  groupLength: 0x0000,
  affectedClass: 0x0002,
  requestedClass: 0x0003,
  field: 0x0100,
  message: 0x0110,
  answeredMessage: 0x0120,
  priority: 0x0700,
  dataSetType: 0x0800,
  status: 0x0900,
  affectedInstance: 0x1000,
} as const;
/** This value says that no data set follows; any other, that one does (PS3.7 9.3). */
const noDataSet = 0x0101;

/** Reads a command from its bytes, all of them. @throws CxrError 'network-malformed', 'network-too-large'. */
export function readCommand(bytes: Uint8Array): Command {
  const found = elementsOf(bytes);
  const number = (element: number): number | null => {
    const value = found.get(element);
    if (value === undefined) return null;
    if (value.length !== 2) throw malformed('number', value.length);
    return value[0]! | (value[1]! << 8);
  };
  const uid = (element: number): string | null => {
    const value = found.get(element);
    if (value === undefined || value.length === 0) return null;
    const text = value.length > 66 ? '' : String.fromCharCode(...value).replace(/[\0 ]+$/, '');
    if (!isUid(text)) throw malformed('UID', value.length);
    return text;
  };
  const field = number(elements.field);
  const type = number(elements.dataSetType);
  if (field === null || type === null) throw malformed('element missing');
  const message = number(elements.message) ?? number(elements.answeredMessage);
  if (message === null) throw malformed('message number');
  return {
    field,
    message,
    sopClass: uid(elements.affectedClass) ?? uid(elements.requestedClass),
    sopInstance: uid(elements.affectedInstance),
    hasData: type !== noDataSet,
    status: number(elements.status),
  };
}

function elementsOf(bytes: Uint8Array): ReadonlyMap<number, Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = new Map<number, Uint8Array>();
  for (let [at, count] = [0, 1]; at < bytes.length; count += 1) {
    if (count > commandLimits.elements)
      throw new CxrError('network-too-large', { part: 'command', expected: commandLimits.elements });
    if (at + 8 > bytes.length) throw malformed('length', bytes.length - at);
    const length = view.getUint32(at + 4, true);
    if (view.getUint16(at, true) !== 0) throw malformed('group');
    if (length > bytes.length - at - 8) throw malformed('length', length);
    found.set(view.getUint16(at + 2, true), bytes.subarray(at + 8, at + 8 + length));
    at += 8 + length;
  }
  return found;
}

const malformed = (reason: string, got?: number): CxrError =>
  new CxrError('network-malformed', { part: 'command', reason, ...(got === undefined ? {} : { got }) });

/** Writes a command as bytes, with its length in front. */
export function writeCommand(command: Command): Uint8Array {
  const { field, message, sopClass, sopInstance, hasData, status } = command;
  const isAnswer = (field & answerBit) !== 0;
  const parts = [
    ...(sopClass === null ? [] : [element(elements.affectedClass, uidBytes(sopClass))]),
    element(elements.field, twoBytes(field)),
    element(isAnswer ? elements.answeredMessage : elements.message, twoBytes(message)),
    ...(field === fields.store ? [element(elements.priority, twoBytes(0))] : []),
    element(elements.dataSetType, twoBytes(hasData ? 0x0001 : noDataSet)),
    ...(status === null ? [] : [element(elements.status, twoBytes(status))]),
    ...(sopInstance === null ? [] : [element(elements.affectedInstance, uidBytes(sopInstance))]),
  ];
  const content = joined(parts);
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, content.length, true);
  return joined([element(elements.groupLength, length), content]);
}

function element(number: number, value: Uint8Array): Uint8Array {
  const head = new Uint8Array(8);
  const view = new DataView(head.buffer);
  view.setUint16(2, number, true);
  view.setUint32(4, value.length, true);
  return joined([head, value]);
}

const twoBytes = (value: number): Uint8Array => Uint8Array.of(value & 0xff, value >> 8);
/** A UID in an even number of bytes, padded with NUL (PS3.5 9.1). */
const uidBytes = (uid: string): Uint8Array =>
  Uint8Array.from(uid.length % 2 === 0 ? uid : `${uid}\0`, (letter) => letter.charCodeAt(0));

/** The answer to a request. */
export const answerTo = ({ field, message, sopClass, sopInstance }: Command, status: number): Command => ({
  field: field | answerBit,
  message,
  sopClass,
  sopInstance,
  hasData: false,
  status,
});
