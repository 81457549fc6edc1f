import { constants, inflateRawSync } from 'node:zlib';
import { CxrError } from '../../contract/errors.ts';
import { Dataset } from '../dataset/dataset.ts';
import { type Element, ElementReader, type Encoding } from '../dataset/element-reader.ts';
import { encodingAt } from '../dataset/file-meta.ts';
import { joined } from '../dataset/joined.ts';
import { readableSyntaxes } from '../dataset/syntaxes.ts';
import { implementationClass, implementationVersion, isUid } from './pdu.ts';

/** What the beginning of a file says about an object that came without one (PS3.10 7.1). */
export type FileOrigin = {
  readonly sopClass: string;
  readonly sopInstance: string;
  readonly transferSyntax: string;
  /** The AE title of the side that sent it; null where it has none. */
  readonly from: string | null;
};

/** Writes preamble, marker and file meta information: a data set behind them makes a DICOM file. */
export function fileHead({ sopClass, sopInstance, transferSyntax, from }: FileOrigin): Uint8Array {
  const meta = joined([
    // The version of the meta information.
    longElement(0x0001, Uint8Array.of(0, 1)),
    uidElement(0x0002, sopClass),
    uidElement(0x0003, sopInstance),
    uidElement(0x0010, transferSyntax),
    uidElement(0x0012, implementationClass),
    textElement(0x0013, 'SH', implementationVersion),
    ...(from === null ? [] : [textElement(0x0016, 'AE', from)]),
  ]);
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, meta.length, true);
  const marker = Uint8Array.of(0x44, 0x49, 0x43, 0x4d);
  return joined([new Uint8Array(128), marker, shortElement(0x0000, 'UL', length), meta]);
}

const letters = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const even = (text: string, padding: string): string => (text.length % 2 === 0 ? text : text + padding);
const uidElement = (element: number, uid: string): Uint8Array =>
  shortElement(element, 'UI', letters(even(uid, '\0')));
const textElement = (element: number, vr: string, text: string): Uint8Array =>
  shortElement(element, vr, letters(even(text, ' ')));

function shortElement(element: number, vr: string, value: Uint8Array): Uint8Array {
  const head = joined([Uint8Array.of(2, 0, element, 0), letters(vr), new Uint8Array(2)]);
  new DataView(head.buffer).setUint16(6, value.length, true);
  return joined([head, value]);
}

function longElement(element: number, value: Uint8Array): Uint8Array {
  const head = joined([Uint8Array.of(2, 0, element, 0), letters('OB'), new Uint8Array(6)]);
  new DataView(head.buffer).setUint32(8, value.length, true);
  return joined([head, value]);
}

/** What an object says about itself. `study` is null where it says none, or says it too far behind. */
export type ObjectNames = {
  readonly sopClass: string | null;
  readonly sopInstance: string | null;
  readonly study: string | null;
};

/** So much of a data set's beginning is looked at, bytes. Private groups may stand in front of the names. */
export const namesWithin = 256 * 1024;
/** Deflate expands at most 1032-fold. */
const deflatedWithin = 16 * 1024;
const mostElements = 10_000;

/**
 * Reads an object's own names from the beginning of its data set.
 *
 * @param head  the first `namesWithin` bytes of a data set, or all of it.
 * @throws      CxrError 'dicom-malformed', 'dicom-unsupported', 'dicom-too-large', 'dicom-not-dicom' for what is no data
 *              set in this transfer syntax.
 */
export function readNames(head: Uint8Array, transferSyntax: string): ObjectNames {
  const form = readableSyntaxes.find(({ uid }) => uid === transferSyntax)?.dataset ?? 'explicit';
  const named: Encoding = { explicit: form !== 'implicit', order: form === 'big-endian' ? 'big' : 'little' };
  const bytes = form === 'deflated' ? inflated(head.subarray(0, deflatedWithin)) : head;
  const reader = new ElementReader(bytes, mostElements);
  const elements = new Map<number, Element>();
  try {
    reader.elements(0, bytes.length, encodingAt(bytes, 0, named), elements);
  } catch (error) {
    // The beginning ends somewhere; what stands before that was read.
    const isCut = error instanceof CxrError && error.code === 'dicom-truncated';
    if (!isCut || elements.size === 0) throw error;
  }
  const dataset = new Dataset(reader, elements);
  const uid = (tag: string): string | null => {
    const text = dataset.text(tag);
    return text !== null && isUid(text) ? text : null;
  };
  return { sopClass: uid('x00080016'), sopInstance: uid('x00080018'), study: uid('x0020000d') };
}

function inflated(deflated: Uint8Array): Uint8Array {
  try {
    return new Uint8Array(inflateRawSync(deflated, { finishFlush: constants.Z_SYNC_FLUSH }));
  } catch {
    throw new CxrError('dicom-not-dicom', { reason: 'deflated data set' });
  }
}
