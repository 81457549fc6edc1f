/**
 * Whom a file is about. The window, the worklist and the reader have these values. The engine, the connector and the
 * evaluator do not get them: test/architecture.test.ts shows that none of them reaches this file or dicom/identity.ts.
 * A field is null where the file does not state it.
 */
export type PatientIdentity = {
  /** The name as people write it: family name, given names. */
  readonly name: string | null;
  /** The patient's number, which is unique within its issuer. */
  readonly id: string | null;
  /** Who gave the number: a hospital or an authority. */
  readonly issuer: string | null;
  /** ISO 8601, YYYY-MM-DD. */
  readonly birthDate: string | null;
  readonly sex: 'female' | 'male' | 'other' | null;
  /** The age at the study as the file writes it: `057Y`. */
  readonly age: string | null;
};

/** The study that a file is part of. A *study* is what DICOM means by it: the images of one examination. */
export type StudyIdentity = {
  readonly uid: string;
  /** ISO 8601, YYYY-MM-DD. */
  readonly date: string | null;
  /** HH:MM:SS. */
  readonly time: string | null;
  /** The number under which the hospital ordered the examination. */
  readonly accession: string | null;
  readonly description: string | null;
};
