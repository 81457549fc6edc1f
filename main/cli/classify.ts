import type { CodedError } from '../../contract/errors.ts';
import type { Headless } from '../host/headless.ts';
import type { Wish } from './arguments/read-arguments.ts';
import { classifyFiles, type RunControl } from './classify-files.ts';
import { openExport, type RunExport } from './export/open-export.ts';
import { type Outcome, statusOf, summaryLine } from './outcome.ts';
import { type Output, outputIn, tellFailure } from './output.ts';
import { findImages } from './sources/find-images.ts';
import { dataFolder } from './stored-keys.ts';
import { withClassifier } from './with-classifier.ts';

type ClassifyWish = Extract<Wish, { kind: 'classify' }>;

const write = (line: string) => process.stderr.write(`${line}\n`);

/**
 * The command `classify`: finds images, classifies them and prints what became of them.
 *
 * @returns the exit status, as `exitStatuses` of main/cli/arguments/commands.ts explains it.
 */
export async function classify(wish: ClassifyWish): Promise<number> {
  const output = outputIn(wish.form, (text) => process.stdout.write(text));
  try {
    const run = wish.export === null ? null : openExport(wish.export, dataFolder(wish.data));
    const outcomes = await outcomesOf(wish, output, run);
    output.end(outcomes);
    if (outcomes.length > 1) write(summaryLine(outcomes));
    return Math.max(statusOf(outcomes), writeTables(run));
  } catch (error) {
    return tellFailure(error, write, output.fail);
  }
}

/** Writes the tables of a run, if any. @returns the exit status of that. */
function writeTables(run: RunExport | null): 0 | 1 {
  try {
    for (const name of run?.end() ?? []) write(`exported ${name}`);
    return 0;
  } catch (error) {
    tellFailure(error, write);
    return 1;
  }
}

/** @throws as `withClassifier` when nothing could be classified at all. */
async function outcomesOf(wish: ClassifyWish, { tell }: Output, run: RunExport | null): Promise<Outcome[]> {
  return withClassifier<Outcome[]>(wish, write, {
    work: async (session, classifier, signal) => {
      if (wish.paths.includes('-') && process.stdin.isTTY) write('reading a file from standard input');
      const found = await findImages(wish.paths, { reader: session.reader, input: process.stdin, signal });
      return await classifyFiles(found, classifier, {
        signal,
        write,
        tell,
        ...exporting(run, session, signal),
      });
    },
    // Interrupted before the first file.
    interrupted: () => cancelled(wish.paths, tell),
  });
}

const exporting = (
  run: RunExport | null,
  { reader }: Headless,
  signal: AbortSignal,
): Pick<RunControl, 'export'> => (run === null ? {} : { export: (one) => run.result(one, reader, signal) });

function cancelled(paths: readonly string[], tell: Output['tell']): Outcome[] {
  const error: CodedError = { code: 'cancelled', detail: {} };
  const outcomes = paths.map((file): Outcome => ({ file, error }));
  outcomes.forEach(tell);
  return outcomes;
}
