import type { Item } from '../dataset/write/dictionary.ts';
import { type Code, coded, concepts } from './coding.ts';

/** How a content item belongs to the one around it (PS3.3 C.17.3.2.4). */
export type Relationship =
  | 'CONTAINS'
  | 'HAS ACQ CONTEXT'
  | 'HAS CONCEPT MOD'
  | 'HAS OBS CONTEXT'
  | 'INFERRED FROM';

/** An instance of DICOM by its class and name. */
export type InstanceReference = { readonly sopClass: string; readonly uid: string };

const named = (relationship: Relationship, type: string, name: Code): Item => ({
  RelationshipType: relationship,
  ValueType: type,
  ConceptNameCodeSequence: [coded(name)],
});

/** A content item that holds others. */
export const container = (name: Code, content: readonly Item[]): Item => ({
  ...named('CONTAINS', 'CONTAINER', name),
  ContinuityOfContent: 'SEPARATE',
  ContentSequence: content,
});

/** A content item with text. */
export const text = (relationship: Relationship, name: Code, TextValue: string): Item => ({
  ...named(relationship, 'TEXT', name),
  TextValue,
});

/** A content item whose value is a coded concept. */
export const code = (relationship: Relationship, name: Code, value: Code): Item => ({
  ...named(relationship, 'CODE', name),
  ConceptCodeSequence: [coded(value)],
});

/** A content item whose value is a UID. */
export const uidReference = (relationship: Relationship, name: Code, UID: string): Item => ({
  ...named(relationship, 'UIDREF', name),
  UID,
});

/** A content item with a number of percent; `inferredFrom` is the image that it was measured on. */
export const percent = (name: Code, NumericValue: string, inferredFrom: InstanceReference): Item => ({
  ...named('CONTAINS', 'NUM', name),
  MeasuredValueSequence: [{ NumericValue, MeasurementUnitsCodeSequence: [coded(concepts.percent)] }],
  ContentSequence: [image('INFERRED FROM', inferredFrom, concepts.source)],
});

/** A content item that refers to an image. */
export const image = (relationship: Relationship, of: InstanceReference, name?: Code): Item => ({
  RelationshipType: relationship,
  ValueType: 'IMAGE',
  ...(name === undefined ? {} : { ConceptNameCodeSequence: [coded(name)] }),
  ReferencedSOPSequence: [reference(of)],
});

/** The item of a sequence that refers to an instance. */
export const reference = ({ sopClass, uid }: InstanceReference): Item => ({
  ReferencedSOPClassUID: sopClass,
  ReferencedSOPInstanceUID: uid,
});
