import { randomUUID } from 'node:crypto';
import { type CodedError, CxrError, toCodedError } from '../../contract/errors.ts';
import type { ExportRequest, StudyExport } from '../../contract/exchange/export-request.ts';
import type { Location } from '../../contract/ipc/reader.ts';
import type { StudyRow } from '../../contract/ipc/worklist.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import { Exporter } from '../export/exporter.ts';
import { writeFiles } from '../export/write-files.ts';
import type { ReaderHost } from '../host/reader-host.ts';
import { madeFrom } from './made-from.ts';

/** What exits need of others. */
export type ExitDeps = {
  readonly list: {
    readonly rows: readonly StudyRow[];
    location(imageId: string): Location | undefined;
    exported(id: string, one: StudyExport): boolean;
  };
  readonly reader: Pick<ReaderHost, 'request'>;
  readonly log: Pick<AuditLog, 'append'>;
  /** The version of the program. */
  readonly version: string;
  /** The secret on which anonymous names depend. */
  readonly secret: () => Uint8Array;
  /** Sends DICOM objects, each once, and says what became of each: null for one that is there. */
  readonly deliver: (files: readonly LeavingFile[], to: Archive) => Promise<readonly (CodedError | null)[]>;
  /** When archives that did not answer are asked again, ms: the first pause, which doubles up to the longest. */
  readonly rhythm?: { readonly firstMs: number; readonly longestMs: number };
};

/** A file that leaves. Its name says nothing about a patient. */
export type LeavingFile = { readonly name: string; readonly bytes: Uint8Array };

type Archive = Exclude<StudyExport['to'], 'folder'>;
type Who = StudyExport['by'];

const usualRhythm = { firstMs: 30_000, longestMs: 30 * 60_000 };

/**
 * Lets results leave this workstation, by a person's wish or by a rule of the policy. Each export is told in the audit log
 * before anything of it leaves, and stands in the worklist with what became of it.
 *
 * What an archive does not take now waits in the worklist and is tried again, also after a restart. It is made anew each
 * time from the same result, so that it has the same names, and nothing of it lies on the disk meanwhile.
 */
export class Exits implements Disposable {
  readonly #deps: ExitDeps;
  readonly #trying = new Set<string>();
  #pauses = 0;
  #next: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(deps: ExitDeps) {
    this.#deps = deps;
  }

  /**
   * Lets a result leave for a folder.
   *
   * @throws CxrError `request-invalid` where the study has no result, `audit-unwritable`, `export-unwritable`, and as
   *   `madeFrom`. Nothing has left then, or not all of it.
   */
  async toFolder(request: ExportRequest, folder: string): Promise<StudyExport> {
    const { row, files } = await this.#made(request);
    const one = this.#begin(row, request, 'person');
    try {
      writeFiles(folder, files);
    } catch (thrown) {
      const error = toCodedError(thrown);
      this.#end(row, { ...one, state: 'failed', error });
      throw thrown;
    }
    return this.#end(row, { ...one, state: 'left' });
  }

  /**
   * Lets a result leave for an archive. One that does not answer is asked again later.
   *
   * @throws CxrError as `toFolder`.
   */
  async toArchive(request: ExportRequest, by: Who = 'person'): Promise<StudyExport> {
    const { row, files } = await this.#made(request);
    const one = await this.#try(row, this.#begin(row, request, by), files);
    if (one.state === 'waiting' && this.#next === undefined) this.#schedule();
    return one;
  }

  /** Tries again what waits. Call it at the start of the program, and when another archive was named. */
  resume(): void {
    this.#pauses = 0;
    clearTimeout(this.#next);
    void this.#retry();
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    clearTimeout(this.#next);
  }

  async #made(request: Readonly<Pick<ExportRequest, 'studyId' | 'anonymous'>> & Pick<StudyExport, 'forms'>) {
    const { list, reader, version, secret } = this.#deps;
    const row = list.rows.find(({ id }) => id === request.studyId);
    const image = row?.images.find(({ id }) => id === row.scoredImageId);
    const location = image && list.location(image.id);
    if (row?.result == null || row.state !== 'done' || image === undefined || location === undefined)
      throw new CxrError('request-invalid', { reason: 'no result' });
    const { forms, anonymous } = request;
    const exporter = new Exporter({
      ...{ forms, version },
      anonymous: anonymous === null ? null : { ...anonymous, secret: secret() },
    });
    const at = new Date(row.resultAt ?? row.addedAt);
    const { files, rows } = await madeFrom(
      { location, pixels: image.pixels, result: row.result, at },
      exporter,
      reader,
    );
    exporter.take(rows);
    const leaving: readonly LeavingFile[] = [...files, ...exporter.tables()];
    return { row, files: leaving };
  }

  /** Tells it before it happens. */
  #begin(row: StudyRow, request: ExportRequest, by: Who): StudyExport {
    const one: StudyExport = {
      id: randomUUID(),
      ...{ to: request.to, forms: request.forms, by },
      deidentified: request.anonymous !== null,
      at: new Date().toISOString(),
      ...{ state: 'waiting', error: null },
    };
    this.#deps.log.append({ kind: 'export', deidentified: one.deidentified, by, ...what(row, one) });
    this.#deps.list.exported(row.id, one);
    return one;
  }

  #end(row: StudyRow, one: StudyExport): StudyExport {
    if (one.state === 'failed')
      this.#deps.log.append({
        kind: 'export-failed',
        error: one.error?.code ?? 'internal',
        ...what(row, one),
      });
    this.#deps.list.exported(row.id, one);
    return one;
  }

  async #try(row: StudyRow, one: StudyExport, files: readonly LeavingFile[]): Promise<StudyExport> {
    this.#trying.add(one.id);
    try {
      const errors = await this.#deps.deliver(files, one.to as Archive);
      const error = errors.find((each) => each !== null) ?? null;
      if (error === null) return this.#end(row, { ...one, state: 'left', error });
      if (!isPassing(error)) return this.#end(row, { ...one, state: 'failed', error });
      return this.#wait(row, one, error);
    } catch (thrown) {
      return this.#wait(row, one, toCodedError(thrown));
    } finally {
      this.#trying.delete(one.id);
    }
  }

  #wait(row: StudyRow, one: StudyExport, error: CodedError): StudyExport {
    const waiting: StudyExport = { ...one, state: 'waiting', error };
    this.#deps.list.exported(row.id, waiting);
    return waiting;
  }

  #schedule(): void {
    if (this.#isOver) return;
    const { firstMs, longestMs } = this.#deps.rhythm ?? usualRhythm;
    this.#next = setTimeout(() => void this.#retry(), Math.min(longestMs, firstMs * 2 ** this.#pauses));
    this.#next.unref();
    this.#pauses += 1;
  }

  /** One round over all that waits. The next pause is as long for many exports as for one. */
  async #retry(): Promise<void> {
    this.#next = undefined;
    let waits = false;
    for (const row of this.#deps.list.rows)
      for (const one of row.exports) {
        if (one.state !== 'waiting' || one.to === 'folder' || this.#trying.has(one.id)) continue;
        if (this.#isOver) return;
        waits = (await this.#again(row, one)).state === 'waiting' || waits;
      }
    if (!waits) this.#pauses = 0;
    else if (this.#next === undefined) this.#schedule();
  }

  async #again(row: StudyRow, one: StudyExport): Promise<StudyExport> {
    try {
      const { files } = await this.#made({ studyId: row.id, forms: one.forms, anonymous: null });
      return await this.#try(row, one, files);
    } catch (thrown) {
      // The film is gone or was exchanged: waiting would change nothing.
      return this.#end(row, { ...one, state: 'failed', error: toCodedError(thrown) });
    }
  }
}

const what = (row: StudyRow, one: StudyExport) => ({
  job: row.result!.jobId,
  forms: [...one.forms],
  to: one.to,
});

/** Out of resources (PS3.4 B.2.3, A7xx), or a server that is busy, away or does not let us in today. */
const passingStatus = (status: number): boolean =>
  (status >= 0xa700 && status <= 0xa7ff) || status === 429 || (status >= 500 && status < 600);

/** Whether the same may be taken another day: all but an answer that refuses the object, or its kind. */
function isPassing(error: CodedError): boolean {
  if (error.code === 'network-status') return passingStatus(error.detail.status);
  if (error.code === 'network-refused') return error.detail.reason !== 'presentation context';
  return error.code.startsWith('network-') || error.code === 'setting-invalid';
}
