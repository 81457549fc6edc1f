import { type CodedError, toCodedError } from '../../contract/errors.ts';
import { type Incident, withHeadless } from '../host/headless.ts';
import type { Wish } from './arguments/read-arguments.ts';
import { classifyFiles } from './classify-files.ts';
import { interruption } from './interruption.ts';
import { errorLines, type Outcome, statusOf, summaryLine } from './outcome.ts';
import { type Output, outputIn } from './output.ts';
import { readConnection } from './read-connection.ts';
import { findImages } from './sources/find-images.ts';

type ClassifyWish = Extract<Wish, { kind: 'classify' }>;

const incidentText: Readonly<Record<Incident, string>> = {
  'engine-crashed': 'the engine ended unexpectedly, and its keys with it: another one makes new keys',
  'engine-lost': 'the engine ended unexpectedly, once too often: no other is started',
  'evaluator-crashed': 'the evaluator on this machine ended unexpectedly: it is started again',
  'evaluator-lost':
    'the evaluator on this machine ended unexpectedly, once too often: it is not started again',
};

const write = (line: string) => process.stderr.write(`${line}\n`);

/**
 * The command `classify`: finds images, classifies them and prints what became of them.
 *
 * @returns the exit status, as `exitStatuses` of main/cli/arguments/commands.ts explains it.
 */
export async function classify(wish: ClassifyWish): Promise<number> {
  const output = outputIn(wish.form, (text) => process.stdout.write(text));
  try {
    const outcomes = await outcomesOf(wish, output);
    output.end(outcomes);
    if (outcomes.length > 1) write(summaryLine(outcomes));
    return statusOf(outcomes);
  } catch (error) {
    const coded = toCodedError(error);
    output.fail(coded);
    write(`cipherfilm: ${errorLines(coded).join('\n  ')}`);
    return 1;
  }
}

/** @throws CxrError as `readConnection` and `withHeadless` do, when nothing could be classified at all. */
async function outcomesOf({ paths, evaluator }: ClassifyWish, { tell }: Output): Promise<Outcome[]> {
  const { connection, byDefault, warnings } = readConnection(evaluator);
  const signal = interruption();
  for (const warning of warnings) write(`warning: ${warning}`);
  const options = {
    ...(connection === null ? {} : { connection }),
    signal,
    tell: (incident: Incident) => {
      if (!signal.aborted) write(`  ${incidentText[incident]}`);
    },
  };
  return await withHeadless(options, async (session) => {
    const where = session.evaluator.embedded ? 'evaluator on this machine' : 'evaluator';
    write(`${byDefault ? 'no evaluator configured: ' : ''}${where}, ${session.evaluator.url}`);
    if (paths.includes('-') && process.stdin.isTTY) write('reading a file from standard input');
    const found = await findImages(paths, { reader: session.reader, input: process.stdin, signal });
    return await classifyFiles(found, session, { signal, write, tell });
  }).catch((error: unknown) => {
    // Interrupted before the first file.
    if (!signal.aborted) throw error;
    return cancelled(paths, tell);
  });
}

function cancelled(paths: readonly string[], tell: Output['tell']): Outcome[] {
  const error: CodedError = { code: 'cancelled', detail: {} };
  const outcomes = paths.map((file): Outcome => ({ file, error }));
  outcomes.forEach(tell);
  return outcomes;
}
