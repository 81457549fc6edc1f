import { join, resolve } from 'node:path';
import { type CodedError, CxrError, toCodedError } from '../../../contract/errors.ts';
import { folderFault } from '../../../contract/folder-fault.ts';
import type { Digest } from '../../../contract/ids/digest.ts';
import type { Location } from '../../../contract/ipc/reader.ts';
import type { AnalysisResult } from '../../../contract/stages.ts';
import product from '../../../package.json' with { type: 'json' };
import { AuditLog } from '../../audit/audit-log.ts';
import { Exporter } from '../../export/exporter.ts';
import { writeFiles } from '../../export/write-files.ts';
import { keptKey, plainKeyFile } from '../../files/kept-key.ts';
import { makePrivateFolder } from '../../files/make-private-folder.ts';
import type { ReaderHost } from '../../host/reader-host.ts';
import type { ExportArguments } from './export-arguments.ts';

/** What became of the files of a result: their names, or why there are none. */
export type ExportOutcome = { readonly exported: readonly string[] } | { readonly unexported: CodedError };

/** A result and where its image is. `pixels` is the digest that the image had when it was found. */
export type Classified = {
  readonly location: Location;
  readonly pixels: Digest;
  readonly result: AnalysisResult;
};

/** The export of a run. */
export type RunExport = {
  readonly result: (
    one: Classified,
    reader: Pick<ReaderHost, 'request'>,
    signal: AbortSignal,
  ) => Promise<ExportOutcome>;
  /** Writes the tables of all results. @returns their names. @throws CxrError `export-unwritable`. */
  readonly end: () => readonly string[];
};

/**
 * Begins to export the results of a run, because a person asked for it by an argument. Every result is told in the audit log
 * before it is written.
 *
 * @param data  the application's data folder, where the log and the secret of anonymous names are.
 * @throws CxrError `folder-unusable` for a folder that cannot be made, `audit-unwritable` for a log that cannot be mended.
 */
export function openExport({ folder, forms, anonymous }: ExportArguments, data: string): RunExport {
  const target = resolve(folder);
  try {
    makePrivateFolder(target);
  } catch (error) {
    throw folderFault(error, '--export', folder);
  }
  const log = new AuditLog(join(data, 'audit'));
  log.repair();
  const exporter = new Exporter({
    forms,
    version: product.version,
    anonymous: anonymous === null ? null : { ...anonymous, secret: anonymousSecret(data) },
  });
  const write: RunExport['result'] = async ({ location, pixels, result }, reader, signal) => {
    const told = { job: result.jobId, forms: [...forms], to: 'folder' as const };
    try {
      const at = new Date();
      const source = await reader.request({ kind: 'report', location }, signal);
      // The file was exchanged while its image was being classified.
      if (source.pixels !== pixels) throw new CxrError('export-image-changed');
      const files = await exporter.make({
        ...{ result, source, at },
        copyFilm: (names) => reader.request({ kind: 'anonymous-film', location, names }, signal),
      });
      log.append({ ...told, kind: 'export', deidentified: anonymous !== null, by: 'person' });
      try {
        writeFiles(target, files);
      } catch (error) {
        log.append({ ...told, kind: 'export-failed', error: toCodedError(error).code });
        throw error;
      }
      return { exported: files.map(({ name }) => name) };
    } catch (error) {
      return { unexported: toCodedError(error) };
    }
  };
  return {
    result: write,
    end: () => {
      const tables = exporter.tables();
      writeFiles(target, tables);
      return tables.map(({ name }) => name);
    },
  };
}

/** The secret on which anonymous names depend: the same for all exports of this workstation. */
function anonymousSecret(data: string): Uint8Array {
  const { path, by } = plainKeyFile(join(data, 'anonymous-names'));
  return keptKey(path, by).key;
}
