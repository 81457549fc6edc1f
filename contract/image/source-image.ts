/**
 * What a report repeats of the image that it is about, so that archives file it in the same study: identifiers and names
 * exactly as the file spells them. A field is null where the file does not state it.
 */
export type SourceImage = {
  readonly patient: {
    /** As DICOM writes it: `Family^Given^Middle^Prefix^Suffix`, in up to three spellings. */
    readonly name: string | null;
    readonly id: string | null;
    readonly issuer: string | null;
    /** YYYYMMDD. */
    readonly birthDate: string | null;
    /** F, M or O. */
    readonly sex: string | null;
    /** Such as 057Y. */
    readonly age: string | null;
  };
  readonly study: {
    readonly uid: string | null;
    /** YYYYMMDD. */
    readonly date: string | null;
    /** HHMMSS, and what else the file writes behind it. */
    readonly time: string | null;
    readonly accession: string | null;
    readonly id: string | null;
    readonly description: string | null;
    readonly referringPhysician: string | null;
  };
  readonly image: {
    readonly seriesUid: string | null;
    readonly sopClass: string | null;
    readonly uid: string | null;
    readonly modality: string | null;
    /** The directions of rows and columns, such as `L` and `F`. */
    readonly orientation: readonly string[];
    /** Whether the file says that patient data are drawn into its pixels (0028,0301). */
    readonly burnedIn: boolean | null;
    /** How the file says that it was compressed with loss, in its own words; null for an image that was not. */
    readonly lossy: { readonly ratios: readonly string[]; readonly methods: readonly string[] } | null;
  };
};
