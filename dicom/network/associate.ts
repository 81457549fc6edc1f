import { CxrError } from '../../contract/errors.ts';
import { joined } from '../dataset/joined.ts';
import {
  type AnsweredContext,
  type AssociateAccept,
  type AssociateRequest,
  applicationContext,
  implementationClass,
  implementationVersion,
  isUid,
  type ProposedContext,
  pduLimits,
  pduTypes,
} from './pdu.ts';

/** The types of the items in a request for an association, and in its answer (PS3.8 9.3.2, 9.3.3 and annex D). */
const items = {
  applicationContext: 0x10,
  proposed: 0x20,
  answered: 0x21,
  abstractSyntax: 0x30,
  transferSyntax: 0x40,
  userInformation: 0x50,
  maxLength: 0x51,
  implementationClass: 0x52,
  implementationVersion: 0x55,
} as const;

/** Version, reserved bytes, both titles and 32 more reserved bytes stand in front of the items. */
const fixedBytes = 68;
const titleBytes = 16;

type Associate =
  | ({ readonly kind: 'associate-request' } & AssociateRequest)
  | ({ readonly kind: 'associate-accept' } & AssociateAccept);

/** Reads the content of A-ASSOCIATE-RQ or -AC. @throws CxrError 'network-malformed', 'network-too-large'. */
export function readAssociate(type: number, content: Uint8Array): Associate {
  if (content.length < fixedBytes) throw malformed('length', content.length);
  const version = (content[0]! << 8) | content[1]!;
  // Each bit is a version; the lowest is the only one that exists.
  if ((version & 1) === 0) throw malformed('version', version);
  const titles = { called: titleAt(content, 4), calling: titleAt(content, 4 + titleBytes) };
  const [proposed, answered]: [ProposedContext[], AnsweredContext[]] = [[], []];
  let maxLength = 0;
  for (const item of itemsIn(content.subarray(fixedBytes))) {
    if (item.type === items.proposed) proposed.push(readProposed(item.bytes));
    else if (item.type === items.answered) answered.push(readAnswered(item.bytes));
    else if (item.type === items.userInformation) maxLength = readMaxLength(item.bytes);
    else if (item.type === items.applicationContext && textOf(item.bytes) !== applicationContext)
      throw malformed('application context');
    const count = proposed.length + answered.length;
    if (count > pduLimits.contexts)
      throw new CxrError('network-too-large', { part: 'contexts', got: count, expected: pduLimits.contexts });
  }
  const ids = [...proposed, ...answered].map(({ id }) => id);
  if (new Set(ids).size < ids.length) throw malformed('context twice');
  return type === pduTypes['associate-request']
    ? { kind: 'associate-request', ...titles, contexts: proposed, maxLength }
    : { kind: 'associate-accept', ...titles, contexts: answered, maxLength };
}

type Item = { readonly type: number; readonly bytes: Uint8Array };

/** Steps over items, each of which has a type, a reserved byte and a length of 16 bits. */
function* itemsIn(bytes: Uint8Array): Generator<Item> {
  for (let at = 0; at < bytes.length; ) {
    if (at + 4 > bytes.length) throw malformed('item', bytes.length - at);
    const length = (bytes[at + 2]! << 8) | bytes[at + 3]!;
    const end = at + 4 + length;
    if (end > bytes.length) throw malformed('item', length);
    yield { type: bytes[at]!, bytes: bytes.subarray(at + 4, end) };
    at = end;
  }
}

function readProposed(bytes: Uint8Array): ProposedContext {
  const id = contextId(bytes);
  let abstractSyntax: string | null = null;
  const transferSyntaxes: string[] = [];
  for (const item of itemsIn(bytes.subarray(4))) {
    if (item.type === items.abstractSyntax) abstractSyntax ??= uidOf(item.bytes);
    else if (item.type === items.transferSyntax) transferSyntaxes.push(uidOf(item.bytes));
    if (transferSyntaxes.length > pduLimits.transferSyntaxes)
      throw new CxrError('network-too-large', {
        part: 'transfer syntaxes',
        expected: pduLimits.transferSyntaxes,
      });
  }
  if (abstractSyntax === null || transferSyntaxes.length === 0) throw malformed('context');
  return { id, abstractSyntax, transferSyntaxes };
}

function readAnswered(bytes: Uint8Array): AnsweredContext {
  const id = contextId(bytes);
  const result = bytes[2]!;
  const [syntax] = [...itemsIn(bytes.subarray(4))].filter(({ type }) => type === items.transferSyntax);
  // Of a refused proposal the syntax means nothing, and some leave it empty.
  return { id, result, transferSyntax: result === 0 ? uidOf(syntax?.bytes ?? new Uint8Array()) : '' };
}

function contextId(bytes: Uint8Array): number {
  if (bytes.length < 4 || bytes[0]! % 2 === 0) throw malformed('context', bytes[0] ?? 0);
  return bytes[0]!;
}

function readMaxLength(bytes: Uint8Array): number {
  for (const item of itemsIn(bytes)) {
    if (item.type !== items.maxLength) continue;
    if (item.bytes.length !== 4) throw malformed('maximum length', item.bytes.length);
    return new DataView(item.bytes.buffer, item.bytes.byteOffset, 4).getUint32(0);
  }
  return 0;
}

const textOf = (bytes: Uint8Array): string => String.fromCharCode(...bytes).replace(/[\0 ]+$/, '');

function uidOf(bytes: Uint8Array): string {
  const text = bytes.length > 66 ? '' : textOf(bytes);
  if (!isUid(text)) throw malformed('UID', bytes.length);
  return text;
}

const titleAt = (content: Uint8Array, at: number): string =>
  String.fromCharCode(...content.subarray(at, at + titleBytes)).replace(/^[\0 ]+|[\0 ]+$/g, '');

const malformed = (reason: string, got?: number): CxrError =>
  new CxrError('network-malformed', { part: 'association', reason, ...(got === undefined ? {} : { got }) });

const ascii = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

function item(type: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = joined(parts);
  return joined([Uint8Array.of(type, 0, content.length >> 8, content.length & 0xff), content]);
}

/** Writes the content of A-ASSOCIATE-RQ or -AC. */
export function writeAssociate(pdu: Associate): Uint8Array {
  const fixed = new Uint8Array(fixedBytes).fill(0x20, 4, 4 + 2 * titleBytes);
  fixed[1] = 1;
  fixed.set(ascii(pdu.called), 4);
  fixed.set(ascii(pdu.calling), 4 + titleBytes);
  const maxLength = new Uint8Array(4);
  new DataView(maxLength.buffer).setUint32(0, pdu.maxLength);
  const contexts =
    pdu.kind === 'associate-request'
      ? pdu.contexts.map(({ id, abstractSyntax, transferSyntaxes }) =>
          item(
            items.proposed,
            Uint8Array.of(id, 0, 0, 0),
            item(items.abstractSyntax, ascii(abstractSyntax)),
            ...transferSyntaxes.map((syntax) => item(items.transferSyntax, ascii(syntax))),
          ),
        )
      : pdu.contexts.map(({ id, result, transferSyntax }) =>
          item(
            items.answered,
            Uint8Array.of(id, 0, result, 0),
            item(items.transferSyntax, ascii(transferSyntax)),
          ),
        );
  const user = item(
    items.userInformation,
    item(items.maxLength, maxLength),
    item(items.implementationClass, ascii(implementationClass)),
    item(items.implementationVersion, ascii(implementationVersion)),
  );
  return joined([fixed, item(items.applicationContext, ascii(applicationContext)), ...contexts, user]);
}
