import type { ExportForm, FilmNames, ReportSource } from '../../contract/exchange/export.ts';
import type { SourceImage } from '../../contract/image/source-image.ts';
import type { AnalysisResult } from '../../contract/stages.ts';
import { ageInYears, cautionsOf } from '../../contract/words/cautions.ts';
import {
  checkBurnedIn,
  deidentifyReport,
  filmNames,
} from '../../dicom/objects/deidentify/deidentify-report.ts';
import { type Disguise, disguise } from '../../dicom/objects/deidentify/disguise.ts';
import type { Deidentified, Report } from '../../dicom/objects/report.ts';
import { type FindingRow, findingRows } from './finding-rows.ts';
import { type MadeFile, makeFiles, type OwnForm } from './make-files.ts';
import { csvOf, jsonOf } from './tables.ts';

/** How an export is made anonymous. */
export type Anonymous = {
  readonly dates: Deidentified['dates'];
  /** The secret of this workstation, 32 bytes, which its replaced names depend on. */
  readonly secret: Uint8Array;
  /** True when a person has looked at the films and says that nothing in them names anybody. */
  readonly filmsChecked: boolean;
};

/** What is exported, and how. */
export type ExportWish = {
  readonly forms: readonly ExportForm[];
  /** Null where reports name their patient. */
  readonly anonymous: Anonymous | null;
  /** The version of the program. */
  readonly version: string;
};

/** One result that is to leave. `at` is when it was there. */
export type Exported = {
  readonly result: AnalysisResult;
  readonly source: Pick<ReportSource, 'image' | 'film'>;
  readonly at: Date;
  /** Copies the film under these names, in the process that reads films. It is called for an anonymous `film` only. */
  readonly copyFilm: (names: FilmNames) => Promise<Uint8Array>;
};

/** What was made of one result. */
export type Made = { readonly files: readonly MadeFile[]; readonly rows: readonly FindingRow[] };

const ownForms: ReadonlySet<ExportForm> = new Set<OwnForm>(['sr', 'sc', 'pdf']);
const isOwn = (form: ExportForm): form is OwnForm => ownForms.has(form);
/** Forms in which somebody could read what is drawn into the film. */
const showsFilm: ReadonlySet<ExportForm> = new Set(['sc', 'pdf', 'film']);

/**
 * Makes the files of results, one after the other, and at last the tables of all of them. It writes
 * and sends nothing: what it makes is handed to `writeFiles`, or to whoever sends.
 */
export class Exporter {
  readonly #wish: ExportWish;
  readonly #disguise: Disguise | null;
  readonly #rows: FindingRow[] = [];

  constructor(wish: ExportWish) {
    this.#wish = wish;
    const { anonymous } = wish;
    this.#disguise = anonymous === null ? null : disguise(anonymous.secret, { dates: anonymous.dates });
  }

  /**
   * Makes the files that a result has of its own, and its rows for the tables.
   *
   * @throws CxrError 'dicom-unwritable', 'deidentify-burned-in', and as `copyFilm`.
   */
  async make({ result, source, at, copyFilm }: Exported): Promise<Made> {
    const { forms, anonymous, version } = this.#wish;
    const says = anonymous === null ? 'age' : 'no age';
    const cautions = cautionsOf(result, ageOf(source.image), says);
    const named: Report = { source: source.image, result, at, version, cautions, deidentified: null };
    if (anonymous !== null && !anonymous.filmsChecked && forms.some((form) => showsFilm.has(form)))
      checkBurnedIn({ image: source.image.image });
    const report = this.#disguise === null ? named : deidentifyReport(named, this.#disguise);
    const files = await makeFiles(report, source.film, forms.filter(isOwn));
    if (forms.includes('film') && this.#disguise !== null) {
      const bytes = await copyFilm(filmNames(source.image, this.#disguise));
      files.push({ form: 'film', name: `cipherfilm-${report.result.jobId}-film.dcm`, bytes });
    }
    return { files, rows: findingRows(report) };
  }

  /** Takes the rows of a result that has left into the tables. */
  take(rows: readonly FindingRow[]): void {
    this.#rows.push(...rows);
  }

  /** Makes the tables of all results that were taken, none where there is no result or no table is wished. */
  tables(): { readonly name: string; readonly bytes: Uint8Array }[] {
    const { forms } = this.#wish;
    if (this.#rows.length === 0) return [];
    // The first result names the tables, so that another run into the same folder does not replace them.
    const stem = `cipherfilm-${this.#rows[0]!.job_id}-findings`;
    return [
      ...(forms.includes('csv') ? [{ name: `${stem}.csv`, bytes: csvOf(this.#rows) }] : []),
      ...(forms.includes('json') ? [{ name: `${stem}.json`, bytes: jsonOf(this.#rows) }] : []),
    ];
  }
}

/** The age of an image's patient, years; null where it is not stated. */
function ageOf({ patient, study }: SourceImage): number | null {
  const iso = (date: string | null) => date?.replace(/^(\d{4})(\d{2})(\d{2})$/, '$1-$2-$3') ?? null;
  return ageInYears({
    patient: { age: patient.age, birthDate: iso(patient.birthDate) },
    study: { date: iso(study.date) },
  });
}
