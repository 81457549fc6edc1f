import { join, resolve } from 'node:path';
import { type CodedError, toCodedError } from '../../../contract/errors.ts';
import type { ExportForm } from '../../../contract/exchange/export.ts';
import { folderFault } from '../../../contract/folder-fault.ts';
import type { JobId } from '../../../contract/ids/job-id.ts';
import product from '../../../package.json' with { type: 'json' };
import { AuditLog } from '../../audit/audit-log.ts';
import { anonymousSecret } from '../../exchange/anonymous-secret.ts';
import { type Classified as ClassifiedThen, madeFrom } from '../../exchange/made-from.ts';
import { Exporter } from '../../export/exporter.ts';
import { writeFiles } from '../../export/write-files.ts';
import { makePrivateFolder } from '../../files/make-private-folder.ts';
import type { ReaderHost } from '../../host/reader-host.ts';
import type { ExportArguments } from './export-arguments.ts';

/** What became of the files of a result: their names, or why there are none. */
export type ExportOutcome = { readonly exported: readonly string[] } | { readonly unexported: CodedError };

/** A result that is to leave now, and where its image is. */
export type Classified = Omit<ClassifiedThen, 'at'>;
type Reader = Pick<ReaderHost, 'request'>;

/**
 * Begins to export the results of a run, because a person asked for it by an argument.
 *
 * @param data  the application's data folder, where the log and the secret of anonymous names are.
 * @throws CxrError `folder-unusable` for a folder that cannot be made, `audit-unwritable` for a log that cannot be mended.
 */
export function openExport({ folder, forms, anonymous }: ExportArguments, data: string): RunExport {
  const target = resolve(folder);
  usable('--export', folder, () => makePrivateFolder(target));
  const log = new AuditLog(join(data, 'audit'));
  log.repair();
  const secret = anonymous === null ? null : usable('--data', data, () => anonymousSecret(data));
  const exporter = new Exporter({
    forms,
    version: product.version,
    anonymous: anonymous === null || secret === null ? null : { ...anonymous, secret },
  });
  return new RunExport({ target, forms, log, exporter, isAnonymous: anonymous !== null });
}

function usable<T>(setting: '--export' | '--data', folder: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw folderFault(error, setting, folder);
  }
}

type RunExportParts = {
  readonly target: string;
  readonly forms: readonly ExportForm[];
  readonly log: AuditLog;
  readonly exporter: Exporter;
  readonly isAnonymous: boolean;
};

/** The export of a run. Every result is told in the audit log before anything of it is written. */
export class RunExport {
  readonly #parts: RunExportParts;
  readonly #jobs: JobId[] = [];

  constructor(parts: RunExportParts) {
    this.#parts = parts;
  }

  /** Writes the files that a result has of its own. It does not throw: what went wrong is its answer. */
  async result(one: Classified, reader: Reader, signal: AbortSignal): Promise<ExportOutcome> {
    try {
      const { log, forms, isAnonymous, exporter } = this.#parts;
      const { files, rows } = await madeFrom({ ...one, at: new Date() }, exporter, reader, signal);
      const { jobId: job } = one.result;
      log.append({
        kind: 'export',
        job,
        forms: [...forms],
        to: 'folder',
        deidentified: isAnonymous,
        by: 'person',
      });
      this.#write(files, [job], forms);
      exporter.take(rows);
      this.#jobs.push(job);
      return { exported: files.map(({ name }) => name) };
    } catch (error) {
      return { unexported: toCodedError(error) };
    }
  }

  /** Writes the tables of all results. @returns their names. @throws CxrError `export-unwritable`. */
  end(): readonly string[] {
    const tables = this.#parts.exporter.tables();
    this.#write(
      tables,
      this.#jobs,
      this.#parts.forms.filter((form) => form === 'csv' || form === 'json'),
    );
    return tables.map(({ name }) => name);
  }

  /** Writes files, or tells the log for which jobs it could not. */
  #write(
    files: readonly { readonly name: string; readonly bytes: Uint8Array }[],
    jobs: readonly JobId[],
    forms: readonly ExportForm[],
  ): void {
    const { target, log } = this.#parts;
    try {
      writeFiles(target, files);
    } catch (thrown) {
      const { code: error } = toCodedError(thrown);
      for (const job of jobs)
        log.append({ kind: 'export-failed', job, forms: [...forms], to: 'folder', error });
      throw thrown;
    }
  }
}
