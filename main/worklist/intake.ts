import { randomUUID } from 'node:crypto';
import { toCodedError } from '../../contract/errors.ts';
import type { Scanned, Source } from '../../contract/ipc/reader.ts';
import type { DropReport } from '../../contract/ipc/worklist.ts';
import type { Worklist } from './worklist.ts';

/** The most skipped files that a report names one by one. */
const mostListed = 500;
const mostReports = 20;

type Scan = (
  sources: readonly Source[],
  onScanned: (scanned: readonly Scanned[]) => void,
) => Promise<unknown>;

/** Takes what was dropped into the worklist, and keeps a report of each drop. The latest 20 reports are kept. */
export class Intake {
  readonly #scan: Scan;
  readonly #worklist: Worklist;
  readonly #tell: (report: DropReport) => void;
  readonly #reports = new Map<string, DropReport>();

  constructor(scan: Scan, worklist: Worklist, tell: (report: DropReport) => void) {
    this.#scan = scan;
    this.#worklist = worklist;
    this.#tell = tell;
  }

  /** The reports that are kept, the oldest first. */
  get reports(): readonly DropReport[] {
    return [...this.#reports.values()];
  }

  /** True while something that was dropped is still being read. */
  get isReading(): boolean {
    return this.reports.some(({ finished }) => !finished);
  }

  /**
   * Begins to read what was dropped. Classification of the studies is asked for once all of their images are there, so
   * that the best image of a study is taken.
   *
   * @returns the id of the report.
   */
  open(sources: readonly Source[]): string {
    const id = randomUUID();
    void this.#take(sources, id, (report) => this.#change(report));
    return id;
  }

  /**
   * Takes in what somebody sent to this workstation. Nobody waits for it, so a report is told of what was skipped only.
   * It resolves when all is in the list, and never rejects.
   */
  async receive(sources: readonly Source[]): Promise<void> {
    const id = randomUUID();
    const last = await this.#take(sources, id, () => {});
    if (last.skipped.length > 0) this.#change(last);
  }

  async #take(
    sources: readonly Source[],
    id: string,
    tell: (report: DropReport) => void,
  ): Promise<DropReport> {
    let report: DropReport = { id, finished: false, taken: 0, known: 0, studies: [], skipped: [], more: 0 };
    const change = (changes: Partial<DropReport>) => {
      report = { ...report, ...changes };
      tell(report);
    };
    tell(report);
    const touched = new Set<string>();
    const hear = (scanned: readonly Scanned[]) => {
      const taken = scanned.filter((one) => one.kind === 'taken');
      const added = this.#worklist.add(taken);
      const skipped = [
        ...scanned.filter((one) => one.kind === 'skipped'),
        ...added.others.map(({ name }) => ({
          name,
          error: { code: 'dicom-uid-taken', detail: {} } as const,
        })),
      ];
      for (const study of added.touched) touched.add(study);
      const listed = [...report.skipped, ...skipped.map(({ name, error }) => ({ name, error }))];
      change({
        taken: report.taken + taken.length - added.known - added.others.length,
        known: report.known + added.known,
        studies: [...touched],
        skipped: listed.slice(0, mostListed),
        more: report.more + Math.max(0, listed.length - mostListed),
      });
    };
    try {
      await this.#scan(sources, hear);
    } catch (error) {
      change({ skipped: [...report.skipped, { name: '', error: toCodedError(error) }] });
    }
    change({ finished: true });
    this.#worklist.askFor([...touched]);
    return report;
  }

  #change(report: DropReport): void {
    this.#reports.set(report.id, report);
    for (const old of [...this.#reports.keys()].slice(0, -mostReports)) this.#reports.delete(old);
    this.#tell(report);
  }
}
