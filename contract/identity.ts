/**
 * Who a file is about. The window, the worklist and the reader have these values. The engine, the connector and the
 * evaluator have not: test/architecture.test.ts shows that none of them reaches this file or dicom/identity.ts.
 */
export type PatientIdentity = {
  /** As people write it: family name, given names. */
  readonly name: string | null;
  readonly id: string | null;
  readonly issuer: string | null;
  /** ISO 8601, YYYY-MM-DD. */
  readonly birthDate: string | null;
  readonly sex: 'female' | 'male' | 'other' | null;
  /** Age at the study as the file has it: `057Y`. */
  readonly age: string | null;
};

export type StudyIdentity = {
  readonly uid: string;
  /** ISO 8601, YYYY-MM-DD. */
  readonly date: string | null;
  /** HH:MM:SS. */
  readonly time: string | null;
  readonly accession: string | null;
  readonly description: string | null;
};
