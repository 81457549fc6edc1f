/** A study that an archive has, as it answers (PS3.18 10.6). It holds patient data and goes to the window alone. */
export type ArchivedStudy = {
  readonly study: string;
  /** `YYYY-MM-DD`; null where none is told. */
  readonly date: string | null;
  readonly description: string | null;
  readonly accession: string | null;
  readonly patientId: string | null;
  readonly modalities: readonly string[];
  readonly instances: number | null;
};
